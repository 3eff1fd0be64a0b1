import { type movementOps } from '../graph/ops/movement.ts';
import type { VjpTable } from './rule.ts';
export declare const movementVjps: VjpTable<typeof movementOps>;
