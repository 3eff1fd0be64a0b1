/** Names of a network's operations in benchmarks: short, but distinct. */
import { isOp, type Value, type ValueOf } from '../graph/value.ts';
import { programLabel } from '../kernels/program.ts';
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
  if (isOp(value, 'matmul')) return product(value);
  if (isOp(value, 'conv2d')) return convolution(value, '', a!, b!.shape, value.shape[1]!);
  if (isOp(value, 'conv2dWeightGrad'))
    return convolution(value, 'weight gradient', a!, value.shape, b!.shape[1]!);
  if (!isOp(value, 'conv2dInputGrad')) return other(value);
  // In scoring nothing is differentiated: there the same operation is a layer of its own.
  return purpose === 'scoring'
    ? convolution(value, 'convTranspose2d', a!, b!.shape, value.shape[1]!)
    : convolution(value, 'input gradient', value, b!.shape, a!.shape[1]!);
}

/** In the sizes of the convolution itself, so that its gradients are found beside it. */
function convolution(
  { attrs }: ValueOf<'conv2d' | 'conv2dInputGrad' | 'conv2dWeightGrad'>,
  role: string,
  x: Value,
  weight: readonly number[],
  cout: number,
): Description {
  const { stride, padding, dilation, groups } = attrs.geometry;
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
function product({ inputs, attrs, shape }: ValueOf<'matmul'>): Description {
  const { transposeA, transposeB } = attrs;
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

function other(value: Value): Description {
  const { op, shape } = value;
  if (isOp(value, 'reduce')) return { kind: op, detail: reduction(value) };
  const program = isOp(value, 'pointwise') ? [programLabel(value.attrs.program)] : [];
  return { kind: op, detail: [...program, sizes(shape)].join(' ') };
}

function reduction({ attrs: { kind, prologue, axes }, inputs }: ValueOf<'reduce'>): string {
  const of = prologue ? [`of ${programLabel(prologue)}`] : [];
  return [kind, ...of, `over ${axes.join(',')}`, sizes(inputs[0]!.shape)].join(' ');
}
