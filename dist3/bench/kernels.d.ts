import { type Value } from '../graph/value.ts';
import type { Session } from '../train/session.ts';
import type { BenchRecord } from './record.ts';
interface KernelCase {
    readonly name: string;
    readonly shape: string;
    readonly build: () => Value;
}
/** Cases with the work that networks have; the copy and the large product bound what an adapter can do. */
export declare const KERNEL_CASES: readonly KernelCase[];
export declare function benchKernels(session: Session, filter: RegExp, onCase: (done: number, of: number) => void): Promise<BenchRecord[]>;
export {};
