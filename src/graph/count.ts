import { type Graph, valuesOf } from './graph.ts';
import { OPS } from './ops/index.ts';
import type { Value } from './value.ts';

/** Multiply-accumulates of the convolutions and matrix products of a graph (`OpDefinition.macs`). */
export const countMacs = (graph: Graph): number =>
  valuesOf(graph).reduce((sum, value) => sum + macsOf(value), 0);

/** Multiply-accumulates of one value. */
export const macsOf = (value: Value): number => OPS[value.op].macs?.(value) ?? 0;
