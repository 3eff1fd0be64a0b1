import { ConfigError, gotText } from '../errors.ts';
import { cropMiddle, type Frame, frameOf } from './frame.ts';
import { opencvResize } from './opencvResize.ts';
import { type Pixels, pilResize, pilResizeNearest } from './pilResize.ts';

/** How a resized mask becomes 0 and 1 (evaluation.md 3.3). */
export const MASK_RULES = ['any', 'half', 'nearest'] as const;
export type MaskRule = (typeof MASK_RULES)[number];

const RESIZE = { pil: pilResize, opencv: opencvResize } as const;

/** A decoded image in a frame: planes of RGB in 8 bits, [3, size, size]. */
export function fitImage(image: Pixels, frame: Required<Frame>): Uint8Array {
  const data = cropMiddle(RESIZE[frame.resample](image, frame.resize, frame.resize).data, frame, 3);
  const plane = frame.size ** 2;
  const planar = new Uint8Array(plane * 3);
  for (let i = 0, at = 0; i < plane; i++) {
    planar[i] = data[at++]!;
    planar[plane + i] = data[at++]!;
    planar[2 * plane + i] = data[at++]!;
  }
  return planar;
}

/** A decoded mask at evaluation size; see `loadMask`. */
export function fitMask(mask: Pixels, frame: number | Frame, rule: MaskRule = 'any'): Uint8Array {
  requireRule(rule);
  const whole = frameOf(frame);
  const side = whole.resize;
  if (rule === 'nearest') {
    const nearest = pilResizeNearest(mask.data, mask.width, mask.height, side, side);
    return cropMiddle(nearest, whole, 1).map((value) => value & 1);
  }
  const above = rule === 'half' ? 127 : 0;
  return cropMiddle(pilResize(mask, side, side).data, whole, 1).map((value) => (value > above ? 1 : 0));
}

/** @throws ConfigError for what is no rule. */
export function requireRule(rule: MaskRule): void {
  if (MASK_RULES.includes(rule)) return;
  throw new ConfigError(`loadMask: rule expects ${MASK_RULES.join(', ')}, got ${gotText(rule)}`);
}
