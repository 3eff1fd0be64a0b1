export interface TensorEntry {
    readonly dtype: string;
    readonly shape: readonly number[];
    /** Bytes from the start of the data. */
    readonly begin: number;
    readonly end: number;
}
export interface Header {
    readonly metadata: ReadonlyMap<string, string>;
    readonly tensors: ReadonlyMap<string, TensorEntry>;
    /** Where the data begin in the file. */
    readonly start: number;
}
/** Reads and checks a header by all of the format's rules. @param lead the file's first 8 bytes. */
export declare function parseHeader(path: string, size: number, lead: Uint8Array, readText: (length: number) => Promise<Uint8Array>): Promise<Header>;
