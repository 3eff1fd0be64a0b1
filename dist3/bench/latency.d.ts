import type { ResNetName } from '../models/resnet.ts';
import type { Session } from '../train/session.ts';
import type { BenchRecord } from './record.ts';
export interface LatencyOptions {
    readonly models: readonly ResNetName[];
    readonly batches: readonly number[];
    readonly size: number;
    readonly onCase: (done: number, of: number) => void;
}
/** Time of scoring a batch, with and without CADA: network, map, calibration, smoothing, score; fresh weights. */
export declare function benchLatency(session: Session, options: LatencyOptions): Promise<BenchRecord[]>;
