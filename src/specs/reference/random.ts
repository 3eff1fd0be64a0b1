import { philox } from '../../random.ts';
import type { Tensor64 } from './tensor64.ts';

/** What randomUniform must give: four elements from one counter, the top 24 bits of each word. */
export const philoxUniforms = (
  site: number,
  count: number,
  { data: [low, high, step] }: Tensor64,
): Float64Array =>
  Float64Array.from({ length: count }, (_, i) => {
    const words = philox([i >> 2, site, step!, 0], [low!, high!]);
    return (words[i & 3]! >>> 8) / 2 ** 24;
  });
