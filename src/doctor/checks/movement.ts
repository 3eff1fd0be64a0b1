import { concat, pad, permute, reshape, slabView, slice } from '../../graph/ops/movement.ts';
import { randomNormal, randomUniform } from '../../graph/ops/random.ts';
import { philox } from '../../random.ts';
import { at, build } from '../../specs/reference/tensor64.ts';
import { type OpCheck, shaped } from './check.ts';

/** Nothing is computed: any difference at all is a wrong address. */
export const movementChecks: readonly OpCheck[] = [
  {
    name: 'permute',
    inputs: shaped([5, 7, 11, 3]),
    run: (x) => permute(x!, [2, 0, 3, 1]),
    reference: (x) => build([11, 5, 3, 7], ([a, b, c, d]) => at(x, [b!, d!, a!, c!])),
  },
  {
    name: 'slice',
    inputs: shaped([9, 23, 17]),
    run: (x) => slice(x!, [{ start: 1, end: 8 }, { start: 2, step: 3 }, null]),
    reference: (x) => build([7, 7, 17], ([a, b, c]) => at(x, [a! + 1, 2 + 3 * b!, c!])),
  },
  {
    name: 'pad',
    inputs: shaped([3, 11, 13]),
    run: (x) => pad(x!, [1, 0, 2], [0, 3, 4], { value: 0.5 }),
    reference: (x) =>
      build([4, 14, 19], ([a, b, c]) =>
        a! < 1 || b! > 10 || c! < 2 || c! > 14 ? 0.5 : at(x, [a! - 1, b!, c! - 2]),
      ),
  },
  {
    name: 'pad, symmetric',
    inputs: shaped([3, 11, 13]),
    run: (x) => pad(x!, [0, 2, 5], [0, 3, 4], { mode: 'symmetric' }),
    reference: (x) => {
      const mirrored = (i: number, size: number): number =>
        i < 0 ? -1 - i : i >= size ? 2 * size - 1 - i : i;
      return build([3, 16, 22], ([a, b, c]) => at(x, [a!, mirrored(b! - 2, 11), mirrored(c! - 5, 13)]));
    },
  },
  {
    name: 'pad, edge',
    inputs: shaped([3, 11, 13]),
    run: (x) => pad(x!, [0, 2, 5], [0, 3, 40], { mode: 'edge' }),
    reference: (x) => {
      const inside = (i: number, size: number): number => Math.min(Math.max(i, 0), size - 1);
      return build([3, 16, 58], ([a, b, c]) => at(x, [a!, inside(b! - 2, 11), inside(c! - 5, 13)]));
    },
  },
  {
    name: 'concat',
    inputs: shaped([4, 3, 19], [4, 6, 19]),
    run: (a, b) => concat([a!, b!], 1),
    reference: (a, b) =>
      build([4, 9, 19], ([i, j, k]) => (j! < 3 ? at(a, [i!, j!, k!]) : at(b, [i!, j! - 3, k!]))),
  },
  {
    name: 'reshape, slabView',
    inputs: shaped([320]),
    run: (x) => reshape(permute(slabView(x!, 64, [7, 31]), [1, 0]), [217]),
    reference: (x) => build([217], ([i]) => x.data[64 + (i! % 7) * 31 + Math.floor(i! / 7)]!),
    differentiable: false,
  },
  {
    name: 'randomNormal',
    inputs: [{ shape: [4], dtype: 'u32', draw: (random) => random.integer(2 ** 32 - 1) }],
    run: (key) => randomNormal(key!, 3, [1031]),
    reference: ({ data: [low, high, step] }) => {
      const { shape, data } = build([1031], ([i]) => {
        const words = philox([i! >> 2, 3, step!, 0], [low!, high!]);
        return boxMuller(words[i! & 2]!, words[(i! & 2) | 1]!, i! % 2 === 0);
      });
      // WGSL asks of sines and cosines an absolute error of 2^-11, and lengths go up to 6.
      return { shape, data, magnitude: data.map(() => 6 * 2 ** 13) };
    },
    differentiable: false,
  },
];

/** One of the two normal numbers that two words make. */
function boxMuller(first: number, second: number, even: boolean): number {
  const radius = Math.sqrt(-2 * Math.log(1 - (first >>> 8) / 2 ** 24));
  const angle = (2 * Math.PI * (second >>> 8)) / 2 ** 24 - Math.PI;
  return radius * (even ? Math.cos(angle) : Math.sin(angle));
}

export const randomChecks: readonly OpCheck[] = [
  {
    name: 'randomUniform',
    inputs: [{ shape: [4], dtype: 'u32', draw: (random) => random.integer(2 ** 32 - 1) }],
    run: (key) => randomUniform(key!, 3, [1031]),
    reference: ({ data: [low, high, step] }) =>
      build([1031], ([i]) => (philox([i! >> 2, 3, step!, 0], [low!, high!])[i! & 3]! >>> 8) / 2 ** 24),
    differentiable: false,
  },
];
