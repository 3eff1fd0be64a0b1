import { RandomStream } from '../random.js';
/**
 * Which samples step `step` sees: the set shuffled anew each epoch, the last incomplete batch dropped. Depends
 * on (seed, step) alone, so a resumed run goes on with the same batches. Sets smaller than a batch repeat.
 */
export function batchAt(seed, step, count, batch) {
    const perEpoch = Math.max(1, Math.floor(count / batch));
    const epoch = Math.floor(step / perEpoch);
    const order = shuffled(seed, epoch, count);
    const first = (step % perEpoch) * batch;
    return Array.from({ length: batch }, (_, i) => order[(first + i) % count]);
}
let latest;
function shuffled(seed, epoch, count) {
    const key = `${seed} ${epoch} ${count}`;
    if (latest?.key !== key) {
        const order = Array.from({ length: count }, (_, i) => i);
        new RandomStream(seed, SHUFFLE_STREAM + epoch).shuffle(order);
        latest = { key, order };
    }
    return latest.order;
}
/** Streams of the seed that belong to shuffling. */
const SHUFFLE_STREAM = 0x51a0_0000;
//# sourceMappingURL=batches.js.map