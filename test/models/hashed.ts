import { crc32 } from 'node:zlib';
import type { StateDict } from '../../src/nn/init.ts';
import type { ParameterSpec } from '../../src/nn/parameterSpec.ts';
import { product } from '../../src/shape.ts';

/** Uniform in [-1, 1) from a hash of (name, index): the twin of tools/torch_goldens.py. */
export const hashed = (name: string, count: number): Float32Array =>
  Float32Array.from(hashedWords(name, count), (word) => word / 2 ** 31 - 1);

/** The same before it becomes a fraction. */
export function hashedWords(name: string, count: number): Uint32Array {
  const seed = crc32(name);
  return Uint32Array.from({ length: count }, (_, i) => {
    let h = (Math.imul(i, 2654435761) + seed) >>> 0;
    h ^= h >>> 15;
    h = Math.imul(h, 2246822519) >>> 0;
    h ^= h >>> 13;
    h = Math.imul(h, 3266489917) >>> 0;
    return (h ^ (h >>> 16)) >>> 0;
  });
}

/** Weights with non-trivial BatchNorm statistics for every tensor of a network. */
export const hashedWeights = (specs: readonly ParameterSpec[]): StateDict =>
  new Map(
    specs.map(({ name, shape }) => {
      const u = hashed(name, product(shape));
      const bound = Math.fround(Math.sqrt(3 / product(shape.slice(1))));
      const data = u.map((value) => {
        if (name.endsWith('running_var')) return 1 + 0.5 * value;
        if (shape.length === 1) return name.endsWith('weight') ? 1 + 0.2 * value : 0.2 * value;
        return value * bound;
      });
      return [name, { shape, data }];
    }),
  );

/** The places that the scripts take, evenly spread by integer arithmetic. */
export const sampled = (data: Float32Array, count: number): number[] =>
  Array.from({ length: count }, (_, i) => data[Math.trunc((i * (data.length - 1)) / (count - 1))]!);
