import { PRECISIONS, type Precision } from '../nn/trainable.ts';
import { oneOf } from './names.ts';

export const PRECISION_HELP =
  'how scoring stores weights and activations: f32, or f16 at half the memory, where the adapter has shader-f16; sums are f32 either way';

/** The parser of `--precision`. */
export const precision = oneOf<Precision>(PRECISIONS);
