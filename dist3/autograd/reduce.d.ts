import { type reduceOps } from '../graph/ops/reduce.ts';
import type { VjpTable } from './rule.ts';
export declare const reduceVjps: VjpTable<typeof reduceOps>;
