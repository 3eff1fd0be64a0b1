/**
 * Convolution operands as textures, for CPU adapters. There one load costs the same for one f32 a lane from a
 * buffer (9.7 ns for 8 lanes on lavapipe) as for four from a storage texture (12.1 ns), because buffers are read
 * lane by lane behind two branches and texels by one vector load each. So both operands are packed four channels to
 * a texel, with the padding's zeros written out: the product then reads without a comparison.
 */
/** One axis of a correlation: result i reads rows i stride + t step - before, for t in taps. */
export interface CorrelationAxis {
  readonly size: number;
  readonly out: number;
  readonly stride: number;
  readonly taps: number;
  readonly step: number;
  readonly before: number;
  /** What is packed, where that is more than the results read: correlations of the same pixels then share it. */
  readonly frame?: Frame;
}

/** Rows or columns from -`before` on, `size` of them. */
export interface Frame {
  readonly before: number;
  readonly size: number;
}

/** Every place once: a 1x1 kernel, or a matrix. */
export const everyPlace = (size: number): CorrelationAxis => ({
  size,
  out: size,
  stride: 1,
  taps: 1,
  step: 1,
  before: 0,
});

/** A correlation of one image batch with one set of weights, without groups. */
export interface Correlation {
  /** Independent correlations, each with images and weights of its own; default 1. */
  readonly products?: number;
  readonly images: number;
  readonly channels: number;
  readonly rows: number;
  readonly y: CorrelationAxis;
  readonly x: CorrelationAxis;
}

/** Rows or columns that the results of an axis read, zeros included. */
const padded = ({ out, stride, taps, step }: CorrelationAxis): number =>
  (out - 1) * stride + (taps - 1) * step + 1;

/** What is packed of an axis. */
export const frameOf = (axis: CorrelationAxis): Frame =>
  axis.frame ?? { before: axis.before, size: padded(axis) };

/** The smallest frame that holds what all of them read. */
export function commonFrame(axes: readonly CorrelationAxis[]): Frame {
  const before = Math.max(...axes.map((axis) => axis.before));
  return { before, size: before + Math.max(...axes.map((axis) => padded(axis) - axis.before)) };
}

export const channelQuads = (p: Correlation): number => Math.ceil(p.channels / 4);

/** Texels that one invocation of a packing kernel writes: the index arithmetic is done once for all of them. */
export const TEXELS_EACH = 8;
