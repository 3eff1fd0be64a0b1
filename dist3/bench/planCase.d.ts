import type { Graph } from '../graph/graph.ts';
import type { Session } from '../train/session.ts';
import type { BenchRecord } from './record.ts';
export interface CaseName {
    readonly suite: string;
    readonly name: string;
    readonly shape: string;
}
/** Compiles a graph, measures its replay, frees it. Inputs keep whatever their buffers hold. */
export declare function measurePlan(session: Session, name: CaseName, graph: Graph, samples?: number): Promise<BenchRecord>;
