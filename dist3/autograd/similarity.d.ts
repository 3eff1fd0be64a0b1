import { type similarityOps } from '../graph/ops/similarity.ts';
import type { VjpTable } from './rule.ts';
export declare const similarityVjps: VjpTable<typeof similarityOps>;
