/** Nodes that several ops are written with. */
import type { Shape } from '../../shape.ts';
import type { GraphWriter } from './graphWriter.ts';

/** Writes one function of elements: names of its arguments and its literal parameters to the name of its result. */
export type ElementRule = (w: GraphWriter, args: readonly string[], params: readonly number[]) => string;

/** One node of the same arguments. */
export const direct =
  (opType: string): ElementRule =>
  (w, args) =>
    w.node(opType, args);

/** ONNX's truth as 0 and 1 in f32. */
export const truth =
  (opType: string): ElementRule =>
  (w, args) =>
    w.cast(w.node(opType, args), 'f32');

/** Of truths. */
const logical =
  (opType: string): ElementRule =>
  (w, args) =>
    truth(opType)(
      w,
      args.map((arg) => w.cast(arg, 'bool')),
      [],
    );

/** Comparisons and what joins their truths: the same nodes for numbers of any type. */
export const TRUTHS = {
  greater: truth('Greater'),
  greaterEqual: truth('GreaterOrEqual'),
  less: truth('Less'),
  lessEqual: truth('LessOrEqual'),
  equal: truth('Equal'),
  notEqual: (w, args) => w.cast(w.node('Not', [w.node('Equal', args)]), 'f32'),
  logicalAnd: logical('And'),
  logicalOr: logical('Or'),
  logicalXor: logical('Xor'),
  logicalNot: logical('Not'),
  where: (w, [condition, a, b]) => w.node('Where', [w.cast(condition!, 'bool'), a!, b!]),
} satisfies Readonly<Record<string, ElementRule>>;

export const reshaped = (w: GraphWriter, name: string, shape: Shape): string =>
  w.node('Reshape', [name, w.integers(shape)], { allowzero: 1 });

export function sliced(
  w: GraphWriter,
  name: string,
  of: {
    starts: readonly number[];
    ends: readonly number[];
    axes: readonly number[];
    steps?: readonly number[];
  },
): string {
  const { starts, ends, axes, steps } = of;
  const inputs = [name, w.integers(starts), w.integers(ends), w.integers(axes)];
  return w.node('Slice', steps ? [...inputs, w.integers(steps)] : inputs);
}

/** Places from `start` up to `end` of one axis. */
export const part = (w: GraphWriter, name: string, axis: number, start: number, end: number): string =>
  sliced(w, name, { starts: [start], ends: [end], axes: [axis] });
