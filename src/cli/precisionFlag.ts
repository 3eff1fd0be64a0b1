import { InvalidArgumentError } from 'commander';
import { PRECISIONS, type Precision } from '../nn/trainable.ts';

export const PRECISION_HELP =
  'how scoring stores weights and activations: f32, or f16 at half the memory, where the adapter has shader-f16; sums are f32 either way';

/** The parser of `--precision`. */
export function precision(text: string): Precision {
  const known = PRECISIONS.find((name) => name === text);
  if (!known) throw new InvalidArgumentError(`expects ${PRECISIONS.join(' or ')}, got ${text}.`);
  return known;
}
