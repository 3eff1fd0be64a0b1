import { ShapeError } from '../errors.ts';
import { add, div, mul, scale, shift, square, sub } from '../graph/ops/pointwise.ts';
import { mean } from '../graph/ops/reduce.ts';
import { asValue, type Operand, type Value } from '../graph/value.ts';
import { shapesEqual, shapeText } from '../shape.ts';
import { gaussianBlur2d } from './blur.ts';

/** 11 taps a direction, sigma 1.5, zeros beyond the border (methods.md 8.3). */
const WINDOW = { kernel: 11, sigma: 1.5, border: 'zero' } as const;
/** (0.01 L)^2 and (0.03 L)^2 for values that span L = 1. */
const C1 = 0.01 ** 2;
const C2 = 0.03 ** 2;

/**
 * Structural similarity (Wang et al. 2004) of two images with values in 0 to 1, [N, C, H, W] each: mean over all pixels
 * and channels. Variances are the window's mean of squares less the square of its mean. Five blurs: with its derivative
 * 1.0 s for 8 images of 256 px on one core of the software adapter, where a step of DRAEM's networks takes minutes;
 * depthwise blurs (0.75 s) and products with band matrices (2.1 s) were tried.
 */
export function ssim(a: Operand, b: Operand): Value {
  const [x, y] = [asValue(a, 'ssim'), asValue(b, 'ssim')];
  if (x.shape.length !== 4 || !shapesEqual(x.shape, y.shape)) {
    throw new ShapeError(
      `ssim: a and b expect one shape [N, C, H, W], got ${shapeText(x.shape)} and ${shapeText(y.shape)}`,
    );
  }
  const blur = (value: Value): Value => gaussianBlur2d(value, WINDOW);
  const [meanX, meanY] = [blur(x), blur(y)];
  const [squareX, squareY, product] = [square(meanX), square(meanY), mul(meanX, meanY)];
  const varianceX = sub(blur(square(x)), squareX);
  const varianceY = sub(blur(square(y)), squareY);
  const covariance = sub(blur(mul(x, y)), product);
  const above = mul(shift(scale(product, 2), C1), shift(scale(covariance, 2), C2));
  const below = mul(shift(add(squareX, squareY), C1), shift(add(varianceX, varianceY), C2));
  return mean(div(above, below));
}
