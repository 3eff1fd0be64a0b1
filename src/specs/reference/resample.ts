import { at, build, type Tensor64 } from './tensor64.ts';

interface Options {
  readonly alignCorners: boolean;
  readonly antialias: boolean;
}

const cubic = (a: number, distance: number): number => {
  const t = Math.abs(distance);
  if (t <= 1) return (a + 2) * t ** 3 - (a + 3) * t ** 2 + 1;
  return t < 2 ? a * t ** 3 - 5 * a * t ** 2 + 8 * a * t - 4 * a : 0;
};

/** The weight of pixel `j` of `from` in pixel `i` of `to`; undefined where the two have nothing to do with each other. */
function weightOf(
  mode: 'bilinear' | 'bicubic' | 'nearest-exact',
  { alignCorners, antialias }: Options,
  [from, to]: readonly [number, number],
): (i: number, j: number) => number | undefined {
  if (from === to) return (i, j) => (i === j ? 1 : undefined);
  const scale = alignCorners ? (to > 1 ? (from - 1) / (to - 1) : 0) : from / to;
  if (mode === 'nearest-exact') return (i, j) => (Math.floor(((i + 0.5) * from) / to) === j ? 1 : undefined);
  if (!antialias) {
    return (i, j) => {
      const source = alignCorners ? i * scale : (i + 0.5) * scale - 0.5;
      const taps = [-1, 0, 1, 2].map((k) => Math.floor(source) + k);
      const own = taps.filter((tap) => Math.min(from - 1, Math.max(0, tap)) === j);
      return own.length === 0 ? undefined : own.reduce((sum, tap) => sum + cubic(-0.75, source - tap), 0);
    };
  }
  const [reach, kernel] =
    mode === 'bilinear'
      ? [1, (t: number) => Math.max(0, 1 - Math.abs(t))]
      : [2, (t: number) => cubic(-0.5, t)];
  const wide = Math.max(1, scale);
  return (i, j) => {
    const centre = (i + 0.5) * scale;
    const covered = Array.from({ length: from }, (_, each) => each).filter(
      (each) =>
        each >= Math.trunc(centre - reach * wide + 0.5) && each < Math.trunc(centre + reach * wide + 0.5),
    );
    if (!covered.includes(j)) return undefined;
    const weight = (each: number): number => kernel((each + 0.5 - centre) / wide);
    return weight(j) / covered.reduce((sum, each) => sum + weight(each), 0);
  };
}

/** Images of another size, by the weight of every pixel of x in every pixel of the result. */
export function resampleRef(
  x: Tensor64,
  [height, width]: readonly [number, number],
  mode: 'bilinear' | 'bicubic' | 'nearest-exact',
  options: Options,
): Tensor64 {
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const [down, across] = [weightOf(mode, options, [h, height]), weightOf(mode, options, [w, width])];
  return build([n, c, height, width], ([b, ch, y, xx]) => {
    let sum = 0;
    for (let i = 0; i < h; i++) {
      const wy = down(y!, i);
      if (wy === undefined) continue;
      for (let j = 0; j < w; j++) {
        const wx = across(xx!, j);
        if (wx !== undefined) sum += wy * wx * at(x, [b!, ch!, i, j]);
      }
    }
    return sum;
  });
}
