import { type convOps } from '../graph/ops/conv.ts';
import type { VjpTable } from './rule.ts';
/**
 * conv2d is bilinear in x and weight. With <y, conv(x, w)> = T(x, w, y), the three ops are T's derivatives
 * with respect to y, x and w, so each op's gradients are the other two.
 */
export declare const convVjps: VjpTable<typeof convOps>;
