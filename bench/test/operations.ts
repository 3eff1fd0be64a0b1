/** Operations that every peer is asked for, awkward ones, with their results in float64. */
import { randomNumbers } from '../../src/bench/randomNetwork.ts';
import type { ConvGeometry } from '../../src/graph/ops/conv.ts';
import { product, type Shape } from '../../src/shape.ts';
import { conv2dReference } from '../../src/specs/reference/conv.ts';
import { matmulRef, transposeRef } from '../../src/specs/reference/ops.ts';
import type { Tensor64 } from '../../src/specs/reference/tensor64.ts';
import { seeded } from '../../test/seed.ts';
import type { OperationStart, PeerOperation } from '../peers/operation.ts';

export interface SampleOperation {
  readonly label: string;
  readonly start: OperationStart;
  readonly expected: Tensor64;
}

type Conv = [label: string, x: Shape, w: Shape, y: Shape, geometry: Partial<ConvGeometry>];
const CONVS: readonly Conv[] = [
  ['3x3', [2, 3, 7, 5], [4, 3, 3, 3], [2, 4, 7, 5], { padding: [1, 1, 1, 1] }],
  ['1x1, stride 2', [1, 8, 9, 9], [5, 8, 1, 1], [1, 5, 5, 5], { stride: [2, 2] }],
  [
    'uneven padding, stride 2',
    [1, 4, 8, 8],
    [6, 4, 3, 3],
    [1, 6, 4, 4],
    { stride: [2, 2], padding: [0, 1, 0, 1] },
  ],
  ['dilated', [1, 4, 9, 8], [4, 4, 3, 3], [1, 4, 9, 8], { dilation: [2, 2], padding: [2, 2, 2, 2] }],
  [
    'depthwise, two filters a channel',
    [2, 3, 6, 6],
    [6, 1, 5, 5],
    [2, 6, 6, 6],
    { groups: 3, padding: [2, 2, 2, 2] },
  ],
  ['groups of two', [1, 4, 6, 6], [6, 2, 3, 3], [1, 6, 6, 6], { groups: 2, padding: [1, 1, 1, 1] }],
];

type Matmul = [a: Shape, b: Shape, y: Shape, transposeA: boolean, transposeB: boolean];
const MATMULS: readonly Matmul[] = [
  [[5, 7], [7, 3], [5, 3], false, false],
  [[4, 9], [6, 9], [4, 6], false, true],
  [[9, 4], [9, 6], [4, 6], true, false],
  [[2, 3, 4, 5], [2, 3, 6, 5], [2, 3, 4, 6], false, true],
];

export const SAMPLE_OPERATIONS: readonly SampleOperation[] = [
  ...CONVS.map(([label, x, w, y, given]) => {
    const geometry: ConvGeometry = {
      stride: [1, 1],
      padding: [0, 0, 0, 0],
      dilation: [1, 1],
      groups: 1,
      ...given,
    };
    return sample(`conv2d ${label}`, { kind: 'conv2d', geometry }, [x, w, y], true, (a, b) =>
      conv2dReference(a, b, geometry, y),
    );
  }),
  ...MATMULS.map(([a, b, y, transposeA, transposeB]) =>
    sample(
      `matmul [${a}]${transposeA ? 'T' : ''} x [${b}]${transposeB ? 'T' : ''}`,
      { kind: 'matmul', transposeA, transposeB },
      [a, b, y],
      false,
      (left, right) =>
        matmulRef(transposeA ? transposeRef(left) : left, transposeB ? transposeRef(right) : right),
    ),
  ),
];

function sample(
  label: string,
  operation: PeerOperation,
  [left, right, result]: readonly [Shape, Shape, Shape],
  frozen: boolean,
  reference: (a: Tensor64, b: Tensor64) => Tensor64,
): SampleOperation {
  const seed = seeded(label).integer(1e6);
  const drawn = (shape: Shape, stream: number) => ({
    shape,
    data: randomNumbers(product(shape), seed, stream),
  });
  const start = { operation, left: drawn(left, 0), right: drawn(right, 1), frozen, result };
  const wide = ({ shape, data }: typeof start.left): Tensor64 => ({ shape, data: Float64Array.from(data) });
  return { label, start, expected: reference(wide(start.left), wide(start.right)) };
}
