import type { Session } from './session.ts';
/** Where a training stands: which stage, how many of its steps are done, and every slab it needs. */
export interface Checkpoint {
    readonly stage: string;
    readonly step: number;
    readonly slabs: ReadonlyMap<string, Float32Array>;
}
/** Written whole, then renamed: after a crash the file is the last complete one. */
export declare function saveCheckpoint(run: string, session: Session, stage: string, step: number, names: readonly string[], configHash: string): Promise<void>;
/** The run's checkpoint, or null where there is none. @throws ConfigError where it belongs to another configuration. */
export declare function loadCheckpoint(run: string, configHash: string): Promise<Checkpoint | null>;
/** Puts a checkpoint's slabs back on the device. */
export declare function restoreSlabs(session: Session, checkpoint: Checkpoint): void;
