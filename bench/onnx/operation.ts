import type { NamedTensor } from '../../src/nn/init.ts';
import type { OperationStart, PeerMatmul } from '../peers/operation.ts';
import type { OnnxGraph, OnnxNode } from './model.ts';

const [LEFT, RIGHT, RESULT] = ['left', 'right', 'result'];

/**
 * One operation as an exporter would write it: Conv, Gemm, or MatMul behind the transpositions it needs. Inputs `left`
 * and, where it is no frozen weight, `right`; output `result`.
 */
export function onnxOperation({ operation, left, right, frozen, result }: OperationStart): OnnxGraph {
  const inputs = [
    { name: LEFT, shape: left.shape },
    ...(frozen ? [] : [{ name: RIGHT, shape: right.shape }]),
  ];
  return {
    name: operation.kind,
    inputs,
    output: { name: RESULT, shape: result },
    nodes: operation.kind === 'conv2d' ? [conv(operation.geometry, right)] : product(operation, left, right),
    tensors: new Map(frozen ? [[RIGHT, right]] : []),
  };
}

function conv(
  { stride, padding: [top, bottom, start, end], dilation, groups }: Conv,
  weight: NamedTensor,
): OnnxNode {
  return {
    op: 'Conv',
    inputs: [LEFT, RIGHT],
    output: RESULT,
    attributes: {
      kernel_shape: weight.shape.slice(2),
      strides: stride,
      pads: [top, start, bottom, end],
      dilations: dilation,
      group: groups,
    },
  };
}

type Conv = Extract<OperationStart['operation'], { kind: 'conv2d' }>['geometry'];

function product({ transposeA, transposeB }: PeerMatmul, left: NamedTensor, right: NamedTensor): OnnxNode[] {
  if (left.shape.length === 2 && right.shape.length === 2) {
    const attributes = { transA: Number(transposeA), transB: Number(transposeB) };
    return [{ op: 'Gemm', inputs: [LEFT, RIGHT], output: RESULT, attributes }];
  }
  const turned = (name: string, { shape }: NamedTensor): OnnxNode => ({
    op: 'Transpose',
    inputs: [name],
    output: `${name}.t`,
    attributes: { perm: [...shape.keys()].map((axis) => shape.length - swapped(shape.length - axis)) },
  });
  return [
    ...(transposeA ? [turned(LEFT, left)] : []),
    ...(transposeB ? [turned(RIGHT, right)] : []),
    {
      op: 'MatMul',
      inputs: [transposeA ? `${LEFT}.t` : LEFT, transposeB ? `${RIGHT}.t` : RIGHT],
      output: RESULT,
      attributes: {},
    },
  ];
}

/** Axes counted from the end: the last two change places. */
const swapped = (fromEnd: number): number => (fromEnd <= 2 ? 3 - fromEnd : fromEnd);
