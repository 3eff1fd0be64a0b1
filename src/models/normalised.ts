import { add, mul } from '../graph/ops/pointwise.ts';
import { constant, type Value } from '../graph/value.ts';

/** Normalisation of the images that networks get: mean and standard deviation of red, green and blue in 0 to 1. */
export const NORMALISED = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } as const;

/** Mean and deviation of all channels alike, in 0 to 1. */
export interface Normalisation {
  readonly mean: number;
  readonly std: number;
}

/** Images [N, 3, H, W] normalised as above, normalised otherwise. */
export function renormalised(images: Value, { mean, std }: Normalisation): Value {
  const factors = NORMALISED.std.map((own) => own / std);
  const offsets = NORMALISED.mean.map((own) => (own - mean) / std);
  const perChannel = (values: number[]): Value => constant(values, [1, 3, 1, 1]);
  return add(mul(images, perChannel(factors)), perChannel(offsets));
}
