/**
 * Which samples step `step` sees: the set shuffled anew each epoch, the last incomplete batch dropped. Depends
 * on (seed, step) alone, so a resumed run goes on with the same batches. Sets smaller than a batch repeat.
 */
export declare function batchAt(seed: number, step: number, count: number, batch: number): number[];
