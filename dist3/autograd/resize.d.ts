import { type resizeOps } from '../graph/ops/resize.ts';
import type { VjpTable } from './rule.ts';
/** Linear maps: each is the other's transpose. */
export declare const resizeVjps: VjpTable<typeof resizeOps>;
