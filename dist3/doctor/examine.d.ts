import type { Session } from '../train/session.ts';
/** How far the adapter's float32 answer lies from float64's. */
export interface Finding {
    readonly name: string;
    readonly maxAbsolute: number;
    /** Largest difference over the largest magnitude of the answer. */
    readonly maxRelative: number;
    readonly ok: boolean;
}
export interface Examination {
    readonly findings: readonly Finding[];
    readonly peakGflops: number;
    readonly copyGbs: number;
}
/** Every kind of kernel and the embedded encoder against float64, then the adapter's pace. */
export declare function examine(session: Session, onProgress: (done: number, of: number) => void): Promise<Examination>;
