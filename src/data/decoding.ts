import { processBudget } from './decodeBudget.ts';
import { decodeCost } from './decodeCost.ts';
import { PROCESS_BYTES, workApart } from './decodeProcess.ts';
import {
  type Decoded,
  type DecodeKind,
  type DecodeWork,
  doWork,
  explained,
  givenOf,
  isOfDecoder,
} from './decodeWork.ts';
import type { StopSignal } from './stopSignal.ts';

/** An image that costs more is decoded in a process of its own; others take a quarter of a second at most. */
const MOST_IN_THREAD = 32 * 2 ** 20;

/** Where work on smaller images is done. */
export type Doer = <K extends DecodeKind>(work: DecodeWork<K>) => Promise<Decoded<K>>;

/**
 * Does the work within the budget of the process: `here` (default: this thread), or in a process of its own, where it is so
 * large that nobody should have to wait for its end. A failed decode is tried again with no other under way: libvips keeps
 * the messages of all threads in one place, so the first message could be another's.
 * @param signal ends a decode in a process of its own. @throws ImageError; the signal's reason.
 */
export async function decoded<K extends DecodeKind>(
  work: DecodeWork<K>,
  options: { readonly here?: Doer; readonly signal?: StopSignal } = {},
): Promise<Decoded<K>> {
  const { here = doWork, signal } = options;
  const { path } = work;
  const looked = await processBudget.take(1);
  const cost = await decodeCost(path, givenOf(work as DecodeWork)).finally(looked);
  const isApart = cost > MOST_IN_THREAD && work.what !== 'size';
  const release = await processBudget.take(isApart ? cost + PROCESS_BYTES : cost);
  try {
    return await (isApart ? (workApart(work as DecodeWork, signal) as Promise<Decoded<K>>) : here(work));
  } catch (error) {
    if (isApart || !isOfDecoder(error)) throw error;
  } finally {
    release();
  }
  const releaseAll = await processBudget.take('all');
  try {
    return await here(work);
  } catch (error) {
    throw await explained(work as DecodeWork, error);
  } finally {
    releaseAll();
  }
}
