import { type poolOps } from '../graph/ops/pool.ts';
import type { VjpTable } from './rule.ts';
export declare const poolVjps: VjpTable<typeof poolOps>;
