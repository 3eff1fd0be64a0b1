import type { TimedCase } from '../../src/bench/alternate.ts';
import { type Graph, rootsOf } from '../../src/graph/graph.ts';
import type { ConvGeometry } from '../../src/graph/ops/conv.ts';
import { isOp, type Value } from '../../src/graph/value.ts';
import type { NamedTensor } from '../../src/nn/init.ts';
import type { Shape } from '../../src/shape.ts';
import type { PeerRuns } from './runs.ts';

/** One product of the networks, as an engine is asked for it. */
export type PeerOperation = PeerConv | PeerMatmul;

/** Images [N, C, H, W] and a weight [Cout, C/groups, kh, kw] -> [N, Cout, OH, OW]. */
export interface PeerConv {
  readonly kind: 'conv2d';
  readonly geometry: ConvGeometry;
}

/** [..., M, K] and [..., K, N] -> [..., M, N]; the last two axes of an operand are the other way round where it is transposed. */
interface PeerMatmul {
  readonly kind: 'matmul';
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

export interface OperationStart {
  readonly operation: PeerOperation;
  readonly left: NamedTensor;
  readonly right: NamedTensor;
  /** Whether the right operand is a weight, which the engine may keep in whatever form it likes. */
  readonly frozen: boolean;
  readonly result: Shape;
}

/** The operation in another engine. */
export interface PeerKernel extends PeerRuns {
  /** From operands in host memory (but for a frozen one) to the result there, in our layout. */
  run(): Promise<Float32Array>;
  /** Over operands that stay on the device, with nothing read back, where the engine can do that. */
  readonly onDevice?: TimedCase;
}

/** Whether engines are asked for a graph's one operation: a forward convolution or product. */
export const isComparable = (graph: Graph): boolean => peerOperation(graph) !== undefined;

/** What an engine is asked for in place of a graph; undefined for what is not a forward product of two operands. */
export function peerOperation(graph: Graph): PeerOperation | undefined {
  const [root] = rootsOf(graph);
  if (root!.inputs.some(({ op, dtype }) => op === 'constant' || dtype !== 'f32')) return undefined;
  return operationOf(root!);
}

function operationOf(value: Value): PeerOperation | undefined {
  if (isOp(value, 'conv2d')) return { kind: 'conv2d', geometry: value.attrs.geometry };
  if (!isOp(value, 'matmul')) return undefined;
  const { transposeA, transposeB } = value.attrs;
  return { kind: 'matmul', transposeA, transposeB };
}

/** Whether each channel has filters of its own: [C, H, W] images, [Cout, 1, kh, kw] weights. */
export const isDepthwise = ({ groups }: ConvGeometry, { shape }: NamedTensor): boolean =>
  groups > 1 && groups === shape[1];
