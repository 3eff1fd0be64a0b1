import { requireOneOf } from '../arguments.ts';
import { gotText, ShapeError } from '../errors.ts';
import { requireRank } from '../graph/operands.ts';
import { pad, reshape } from '../graph/ops/movement.ts';
import { asValue, constant, type Operand, type Value } from '../graph/value.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../options.ts';
import { conv2d } from './conv.ts';

const BORDERS = ['zero', 'symmetric'] as const;

/** Options of `gaussianBlur2d`; the defaults are those of the paper's author. */
export interface BlurOptions {
  /** Odd number of taps per direction; default 5. */
  kernel?: number;
  /** Pixels; default 4. */
  sigma?: number;
  /** Beyond the border: zeros (default), or the mirrored image with its edge repeated (SciPy's "reflect"). */
  border?: (typeof BORDERS)[number];
}

const BLUR_OPTIONS: OptionNames<BlurOptions> = { kernel: true, sigma: true, border: true };

/** The author's smoothing: 5 taps, sigma 4, zero border (methods.md section 1). */
export const AUTHOR_BLUR = { kernel: 5, sigma: 4, border: 'zero' } as const;
/** SciPy's gaussian_filter with sigma 4, truncated at 4 sigma. */
export const SCIPY_BLUR = { kernel: 33, sigma: 4, border: 'symmetric' } as const;

/** Gaussian smoothing of each plane of x [N, C, H, W], as two passes of normalised taps. */
export function gaussianBlur2d(x: Operand, options: BlurOptions = {}, ...extra: never[]): Value {
  refuseExtra('gaussianBlur2d', extra);
  const value = asValue(x, 'gaussianBlur2d');
  requireRank('gaussianBlur2d', 'x', value, 4);
  requireOptions('gaussianBlur2d', options, BLUR_OPTIONS);
  const { kernel = AUTHOR_BLUR.kernel, sigma = AUTHOR_BLUR.sigma, border = AUTHOR_BLUR.border } = options;
  requireOneOf('gaussianBlur2d', 'border', border, BORDERS);
  if (!(kernel > 0) || kernel % 2 !== 1 || !(Number.isFinite(sigma) && sigma > 0)) {
    throw new ShapeError(
      `gaussianBlur2d: expects an odd kernel and sigma above 0, got ${gotText(kernel)} and ${gotText(sigma)}`,
    );
  }
  const half = (kernel - 1) / 2;
  const taps = gaussianTaps(kernel, sigma);
  const [n, c, h, w] = value.shape as [number, number, number, number];
  const planes = reshape(value, [n * c, 1, h, w]);
  const zero = border === 'zero';
  const framed = zero ? planes : pad(planes, [0, 0, half, half], [0, 0, half, half], { mode: 'symmetric' });
  const rows = conv2d(framed, constant(taps, [1, 1, kernel, 1]), { padding: [zero ? half : 0, 0] });
  const both = conv2d(rows, constant(taps, [1, 1, 1, kernel]), { padding: [0, zero ? half : 0] });
  return reshape(both, [n, c, h, w]);
}

/** Normalised to sum 1. */
export function gaussianTaps(kernel: number, sigma: number): number[] {
  const half = (kernel - 1) / 2;
  // 2 sigma^2 underflows to 0 for the smallest sigmas; the middle tap would be 0 / 0.
  const spread = 2 * sigma ** 2 || Number.MIN_VALUE;
  const raw = Array.from({ length: kernel }, (_, i) => Math.exp(-((i - half) ** 2) / spread));
  const total = raw.reduce((sum, tap) => sum + tap, 0);
  return raw.map((tap) => tap / total);
}
