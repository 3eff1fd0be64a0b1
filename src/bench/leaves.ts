/** State of single operations, stored as their graphs say. */
import { packHalves } from '../float16.ts';
import { nameOf, type Value } from '../graph/value.ts';
import type { Session } from '../runtime/session.ts';
import type { NumberArray } from '../runtime/state.ts';

export function setState({ state }: Session, leaf: Value, numbers: NumberArray): void {
  const words = leaf.dtype === 'f16' ? packHalves(numbers as Float32Array) : numbers;
  state.set(nameOf(leaf), words, [words.length]);
}
