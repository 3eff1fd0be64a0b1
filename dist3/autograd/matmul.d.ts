import { type matmulOps } from '../graph/ops/matmul.ts';
import type { VjpTable } from './rule.ts';
export declare const matmulVjps: VjpTable<typeof matmulOps>;
