import { RandomStream } from '../random.ts';
import { range } from '../shape.ts';

/**
 * Which samples step `step` sees: the set shuffled anew each epoch, the last incomplete batch dropped. Depends
 * on (seed, step) alone, so a resumed run goes on with the same batches. Sets smaller than a batch repeat.
 */
export function batchAt(seed: number, step: number, count: number, batch: number): number[] {
  const perEpoch = Math.max(1, Math.floor(count / batch));
  const epoch = Math.floor(step / perEpoch);
  const order = shuffled(seed, epoch, count);
  const first = (step % perEpoch) * batch;
  return Array.from({ length: batch }, (_, i) => order[(first + i) % count]!);
}

/** As `batchAt`, for methods that draw samples with replacement. */
export function drawnAt(seed: number, step: number, count: number, batch: number): number[] {
  const random = new RandomStream(seed, DRAW_STREAM + step);
  return Array.from({ length: batch }, () => random.integer(count));
}

let latest: { key: string; order: number[] } | undefined;

function shuffled(seed: number, epoch: number, count: number): number[] {
  const key = `${seed} ${epoch} ${count}`;
  if (latest?.key !== key) {
    const order = range(count);
    new RandomStream(seed, SHUFFLE_STREAM + epoch).shuffle(order);
    latest = { key, order };
  }
  return latest.order;
}

/** First random stream for shuffling; the epoch is added. */
const SHUFFLE_STREAM = 0x51a0_0000;
/** First random stream for drawing with replacement; the step is added. */
const DRAW_STREAM = 0x6a00_0000;
