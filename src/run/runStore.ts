import type { WritableTensor } from '../formats/safetensorsBytes.ts';
import type { StateDict } from '../nn/init.ts';
import type { RunConfig } from './settings.ts';

/** Files of a run that hold tensors: `memory` and `coreset` until it is finished. */
export type TensorFile = 'checkpoint' | 'memory' | 'coreset' | 'weights';

/** What such a file holds. */
interface StoredTensors {
  readonly metadata: ReadonlyMap<string, string>;
  readonly tensors: StateDict;
}

/** Where a training keeps a run's tensors: a folder, or the storage of a browser. */
export interface RunStore {
  /** What errors call one of its files. */
  pathOf(file: TensorFile): string;
  /** Null where it is not there. @throws FileError, WeightsError where it cannot be read. */
  read(file: TensorFile): Promise<StoredTensors | null>;
  /** What its metadata say; null where it is not there or cannot be read. */
  metadata(file: TensorFile): Promise<ReadonlyMap<string, string> | null>;
  /** Whole or not at all: after a crash the file is the last complete one. */
  write(
    file: TensorFile,
    tensors: ReadonlyMap<string, WritableTensor>,
    metadata: Readonly<Record<string, string>>,
  ): Promise<void>;
  /** Does nothing where it is not there. */
  remove(file: TensorFile): Promise<void>;
}

/** Hashes that tie a run's files to its configuration (`configHash.ts`). */
export interface RunHashes {
  /** All that files of the run may carry; the first is written. */
  readonly accepted: readonly string[];
  /** The same without the data set's path. */
  readonly placeless: string;
}

/** A run whose configuration is written. */
export interface BegunRun {
  readonly config: RunConfig;
  readonly hashes: RunHashes;
}
