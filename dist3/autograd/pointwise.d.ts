import { type pointwiseOps } from '../graph/ops/pointwise.ts';
import type { VjpTable } from './rule.ts';
export declare const pointwiseVjps: VjpTable<typeof pointwiseOps>;
