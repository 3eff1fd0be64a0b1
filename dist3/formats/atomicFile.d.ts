/** Appends bytes or text to the file being written. */
export type Write = (data: string | Uint8Array) => Promise<void>;
/**
 * Writes `path` whole or not at all: into a temporary file in the same folder, flushed to disk, then renamed.
 * A reader sees the old file or the new one, also after a crash.
 * @throws FileError; what was at `path` is then untouched.
 */
export declare function atomicFile(path: string, body: (write: Write) => Promise<void>): Promise<void>;
export declare const writeFileAtomic: (path: string, data: string | Uint8Array) => Promise<void>;
/** Removes what a killed process left behind in `folder`. */
export declare function removeStaleTemps(folder: string): Promise<void>;
