/** What the loader asks of a worker. */
export interface DecodeRequest {
    readonly id: number;
    readonly path: string;
    readonly size: number;
}
/** What a worker answers: RGB planes [3, size, size], or why not. */
export type DecodeReply = {
    readonly id: number;
    readonly pixels: Uint8Array;
} | {
    readonly id: number;
    readonly message: string;
    readonly where: string | undefined;
};
