/**
 * Worker threads that decode and resize images. They start when first needed, and keep the process alive only
 * while they have work.
 */
export declare class DecodePool {
    #private;
    /** `size`: side of the result in pixels; `workers`: how many threads at most. */
    constructor(size: number, workers: number);
    /** RGB planes [3, size, size]. Background requests wait for all others. Rejects with ImageError. */
    decode(path: string, background: boolean): Promise<Uint8Array>;
    /** Move a background request that has not begun to the front. */
    hurry(path: string): void;
    /** Stop all threads; what is under way or waits is rejected. */
    close(): Promise<void>;
}
