import type { selectOps } from '../graph/ops/select.ts';
import type { VjpTable } from './rule.ts';
export declare const selectVjps: VjpTable<typeof selectOps>;
