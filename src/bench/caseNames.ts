/** What an operation of a network is called in benchmarks: short enough to read, long enough to tell two apart. */
import type { ConvGeometry } from '../graph/ops/conv.ts';
import type { Value } from '../graph/value.ts';
import { type Program, programLabel } from '../kernels/program.ts';
import type { Purpose } from './networks.ts';

export interface CaseTitle {
  /** Which operation: `conv2d`, `conv2d weight gradient`, `depthwise`, `pointwise`. */
  readonly kind: string;
  /**
   * With its sizes: `conv2d 3x3 s1 64x64x64->64` is kernel, stride, channels x height x width -> channels; ` f16` behind
   * where something is stored so.
   */
  readonly name: string;
  /** Shapes of the operands -> shape of the result. */
  readonly shape: string;
}

export function titleOf(value: Value, purpose: Purpose): CaseTitle {
  const { kind, detail } = describe(value, purpose);
  const operands = value.inputs.map(({ shape }) => sizes(shape)).join(', ');
  const half = [value, ...value.inputs].some(({ dtype }) => dtype === 'f16') ? ' f16' : '';
  return { kind, name: `${kind} ${detail}`.trimEnd() + half, shape: `${operands} -> ${sizes(value.shape)}` };
}

const sizes = (shape: readonly number[]): string => (shape.length === 0 ? 'scalar' : shape.join('x'));

type Description = { kind: string; detail: string };

function describe(value: Value, purpose: Purpose): Description {
  const [a, b] = value.inputs;
  switch (value.op) {
    case 'conv2d':
      return convolution(value, '', a!, b!.shape, value.shape[1]!);
    case 'conv2dInputGrad':
      // In scoring nothing is differentiated: there the same operation is a layer of its own.
      return purpose === 'scoring'
        ? convolution(value, 'convTranspose2d', a!, b!.shape, value.shape[1]!)
        : convolution(value, 'input gradient', value, b!.shape, a!.shape[1]!);
    case 'conv2dWeightGrad':
      return convolution(value, 'weight gradient', a!, value.shape, b!.shape[1]!);
    case 'matmul':
      return product(value);
    default:
      return other(value);
  }
}

/** In the sizes of the convolution itself, so that its gradients are found beside it. */
function convolution(
  { attrs }: Value,
  role: string,
  x: Value,
  weight: readonly number[],
  cout: number,
): Description {
  const { stride, padding, dilation, groups } = attrs.geometry as ConvGeometry;
  const [, c, h, w] = x.shape;
  const [kh, kw] = weight.slice(2) as [number, number];
  const depthwise = groups > 1 && groups === c;
  const own = depthwise ? 'depthwise' : 'conv2d';
  const usual = padding.every((pad, side) => pad === Math.floor(((side < 2 ? kh : kw) - 1) / 2));
  const detail = [
    `${kh}x${kw}`,
    `s${pairText(stride)}`,
    ...(usual ? [] : [`p${padding.join(',')}`]),
    ...(pairText(dilation) === '1' ? [] : [`d${pairText(dilation)}`]),
    ...(groups > 1 && !depthwise ? [`g${groups}`] : []),
    `${c}x${h}x${w}->${cout}`,
  ].join(' ');
  return { kind: role === 'convTranspose2d' ? role : `${own} ${role}`.trimEnd(), detail };
}

const pairText = ([y, x]: readonly [number, number]): string => (y === x ? `${y}` : `${y},${x}`);

/** M x K x N, with `ta`, `tb` where an operand is read transposed. */
function product({ inputs, attrs, shape }: Value): Description {
  const { transposeA, transposeB } = attrs as { transposeA: boolean; transposeB: boolean };
  const [m, n] = shape.slice(-2);
  const k = inputs[0]!.shape.at(transposeA ? -2 : -1);
  const batch = shape.slice(0, -2);
  const detail = [
    ...(batch.length > 0 ? [`${batch.join('x')} of`] : []),
    `${m}x${k}x${n}`,
    ...(transposeA ? ['ta'] : []),
    ...(transposeB ? ['tb'] : []),
  ].join(' ');
  return { kind: 'matmul', detail };
}

function other({ op, attrs, shape, inputs }: Value): Description {
  const { program, prologue, axes, kind } = attrs as {
    program?: Program;
    prologue?: Program;
    axes?: readonly number[];
    kind?: string;
  };
  const detail = [
    ...(op === 'reduce' && kind !== undefined ? [kind] : []),
    ...(prologue ? [`of ${programLabel(prologue)}`] : []),
    ...(axes ? [`over ${axes.join(',')}`] : []),
    ...(program ? [programLabel(program)] : []),
    sizes(axes ? inputs[0]!.shape : shape),
  ].join(' ');
  return { kind: op, detail };
}
