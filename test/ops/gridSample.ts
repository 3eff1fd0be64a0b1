import { type GridSampleOptions, gridSample } from '../../src/nn/gridSample.ts';
import { at, build, type Tensor64 } from '../../src/specs/reference/tensor64.ts';
import { type SpecTable, samplesOf } from '../../src/specs/spec.ts';

type Options = Required<GridSampleOptions>;

/** Where a place along an axis is read, by PyTorch's rules. */
function insideRef(place: number, size: number, { padding, alignCorners }: Options): number {
  if (padding === 'zeros') return place;
  let held = place;
  if (padding === 'reflection') {
    const [low, high] = alignCorners ? [0, size - 1] : [-0.5, size - 0.5];
    if (low === high) return 0;
    while (held < low || held > high) held = held < low ? 2 * low - held : 2 * high - held;
  }
  return Math.min(size - 1, Math.max(0, held));
}

function cubicRef(distance: number): number {
  const t = Math.abs(distance);
  if (t <= 1) return 1.25 * t ** 3 - 2.25 * t ** 2 + 1;
  return -0.75 * t ** 3 + 3.75 * t ** 2 - 6 * t + 3;
}

/** Whole places along an axis and their weights. */
function tapsRef(coordinate: number, size: number, options: Options): [place: number, weight: number][] {
  const plain = options.alignCorners
    ? ((coordinate + 1) / 2) * (size - 1)
    : ((coordinate + 1) * size - 1) / 2;
  if (options.mode === 'bicubic') {
    const low = Math.floor(plain);
    return [-1, 0, 1, 2].map((k) => [insideRef(low + k, size, options), cubicRef(plain - low - k)]);
  }
  const place = insideRef(plain, size, options);
  if (options.mode === 'nearest') return [[Math.round(place), 1]];
  const low = Math.floor(place);
  return [
    [low, low + 1 - place],
    [low + 1, place - low],
  ];
}

function gridSampleRef(x: Tensor64, grid: Tensor64, options: Options): Tensor64 {
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const [, oh, ow] = grid.shape as [number, number, number];
  return build([n, c, oh, ow], ([b, ch, i, j]) => {
    const rows = tapsRef(at(grid, [b!, i!, j!, 1]), h, options);
    const columns = tapsRef(at(grid, [b!, i!, j!, 0]), w, options);
    let sum = 0;
    for (const [row, ofRow] of rows) {
      for (const [column, ofColumn] of columns) {
        const inside = row >= 0 && row < h && column >= 0 && column < w;
        if (inside) sum += ofRow * ofColumn * at(x, [b!, ch!, row, column]);
      }
    }
    return sum;
  });
}

/** Every mode and every padding once; PyTorch's derivatives of more are in test/goldens/singular.json. */
const CASES: readonly [Options, ...Options[]] = [
  { mode: 'bilinear', padding: 'zeros', alignCorners: false },
  { mode: 'bicubic', padding: 'reflection', alignCorners: true },
  { mode: 'nearest', padding: 'border', alignCorners: false },
];

export const gridSampleSpecs: SpecTable = {
  gridSample: {
    // Places are float32: an error of 1e-7 of the image times the slope between two pixels.
    ulps: 256,
    specials: false,
    samples: samplesOf(CASES, (options) => ({
      label: `${options.mode}, ${options.padding}`,
      inputs: [
        { shape: [2, 3, 5, 4] },
        {
          shape: [2, 3, 7, 2],
          fill: (uniform) => 3 * uniform - 1.5,
          differentiable: options.mode !== 'nearest',
        },
      ],
      run: (x, grid) => gridSample(x, grid, options),
      reference: (x, grid) => gridSampleRef(x, grid, options),
    })),
  },
};
