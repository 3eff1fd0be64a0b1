import { join } from 'node:path';
import { ConfigError, FileError } from '../errors.ts';
import { isThere } from '../formats/regularFile.ts';
import { openWeights, readWeights } from '../formats/weightsFile.ts';
import { writeSafetensors } from '../formats/writeSafetensors.ts';
import type { RunConfig } from './config.ts';
import { isHashOf } from './configHash.ts';
import { refuseNonFinite } from './finiteTensors.ts';
import type { Session } from './session.ts';

/** Where a training stands: which stage, how many of its steps are done, and every slab it needs. */
export interface Checkpoint {
  readonly stage: string;
  readonly step: number;
  readonly slabs: ReadonlyMap<string, Float32Array>;
}

const fileOf = (run: string): string => join(run, 'checkpoint.safetensors');

/**
 * Written whole, then renamed: after a crash the file is the last complete one.
 * @throws NotFiniteError where the state is not finite; the file is then the one before.
 */
export async function saveCheckpoint(
  run: string,
  session: Session,
  stage: string,
  step: number,
  names: readonly string[],
  configHash: string,
): Promise<void> {
  const slabs = await session.readSlabs(names);
  const tensors = new Map([...slabs].map(([name, data]) => [name, { shape: [data.length], data }]));
  await writeSafetensors(fileOf(run), tensors, {
    format: 'wgad checkpoint 1',
    stage,
    step: String(step),
    configHash,
  });
}

/** The run's checkpoint, or null where there is none. @throws ConfigError where it belongs to another configuration; NotFiniteError. */
export async function loadCheckpoint(run: string, config: RunConfig): Promise<Checkpoint | null> {
  const path = fileOf(run);
  if (!(await isThere(path))) return null;
  const { metadata, tensors } = await readWeights(path);
  for (const [name, { data }] of tensors) refuseNonFinite(path, name, data);
  if (!isHashOf(metadata.get('configHash'), config)) {
    throw new ConfigError(`${path}: was saved with another configuration`, {
      fix: 'resume with the options the run was started with, or choose another --out',
    });
  }
  return {
    stage: metadata.get('stage') ?? '',
    step: Number(metadata.get('step')),
    slabs: new Map([...tensors].map(([name, { data }]) => [name, data])),
  };
}

/** In words, what a failed training left to go on from. */
export async function lastCheckpoint(run: string): Promise<string> {
  const path = fileOf(run);
  const file = await openWeights(path).catch(() => null);
  await file?.close();
  const step = file?.metadata.get('step');
  return step === undefined
    ? 'no checkpoint had been saved yet'
    : `${path} is intact: ${file!.metadata.get('stage')} after step ${step}`;
}

/** A file of the run could not be written: says what is left to go on from. */
export async function resumable(run: string, { message, fix, where, cause }: FileError): Promise<FileError> {
  const left = `then go on with --resume: ${await lastCheckpoint(run)}`;
  return new FileError(message, { where, fix: fix === undefined ? left : `${fix}; ${left}`, cause });
}

/** Puts a checkpoint's slabs back on the device. */
export function restoreSlabs(session: Session, checkpoint: Checkpoint): void {
  for (const [name, data] of checkpoint.slabs) session.state.set(name, data, [data.length]);
}
