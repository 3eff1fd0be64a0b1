import { ConfigError, FileError, GpuError, gotText, WeightsError } from '../errors.ts';
import { refuseNonFinite } from '../nn/finiteTensors.ts';
import { misfits } from '../nn/fit.ts';
import type { Session } from '../runtime/session.ts';
import type { RunStore } from './runStore.ts';

/** State of a training: the stage, how many of its steps are done, and every slab it needs. */
export interface Checkpoint {
  readonly stage: string;
  readonly step: number;
  readonly slabs: ReadonlyMap<string, Float32Array>;
}

/** A stage of training that checkpoints can be of. */
export interface CheckpointStage {
  /** Steps of the whole stage. */
  readonly iterations: number;
  /** Its slabs, and how many numbers each has. */
  readonly slabs: ReadonlyMap<string, number>;
}

/**
 * After a crash the file is the last complete one.
 * @throws NotFiniteError where the state is not finite; the file is then the one before.
 */
export async function saveCheckpoint(
  store: RunStore,
  session: Session,
  stage: string,
  step: number,
  names: readonly string[],
  configHash: string,
): Promise<void> {
  const slabs = await session.readSlabs(names);
  const tensors = new Map([...slabs].map(([name, data]) => [name, { shape: [data.length], data }]));
  await store.write('checkpoint', tensors, {
    format: 'wgad checkpoint 1',
    stage,
    step: String(step),
    configHash,
  });
}

/**
 * The run's checkpoint, or null. @param hashes accepted ones (`hashesOf`). @param stages those of the run, by name.
 * @throws ConfigError where it belongs to another configuration; NotFiniteError; WeightsError where its stage, step or slabs
 * are not the run's.
 */
export async function loadCheckpoint(
  store: RunStore,
  hashes: readonly string[],
  stages: ReadonlyMap<string, CheckpointStage>,
): Promise<Checkpoint | null> {
  const path = store.pathOf('checkpoint');
  const kept = await store.read('checkpoint');
  if (!kept) return null;
  const { metadata, tensors } = kept;
  for (const [name, { data }] of tensors) refuseNonFinite(path, name, data);
  if (!hashes.includes(metadata.get('configHash') ?? '')) {
    throw new ConfigError(`${path}: was saved with another configuration`, {
      fix: 'resume with the options the run was started with, or choose another --out',
    });
  }
  const [stage = '', said = ''] = [metadata.get('stage'), metadata.get('step')];
  const known = stages.get(stage);
  const changed = (what: string): WeightsError =>
    new WeightsError(`${path}: ${what}`, { fix: 'it was changed: remove it, and train again' });
  if (!known)
    throw changed(`its stage expects one of ${[...stages.keys()].join(', ')}, got ${gotText(stage)}`);
  const step = /^\d{1,15}$/.test(said) ? Number(said) : Number.NaN;
  if (!(step <= known.iterations)) {
    throw changed(`its step expects a whole number from 0 to ${known.iterations}, got ${gotText(said)}`);
  }
  const slabs = [...known.slabs].map(([name, length]) => [name, [length]] as const);
  const wrong = misfits(slabs, tensors);
  if (wrong.length > 0) throw changed(`does not fit this run: ${wrong.join('; ')}`);
  return { stage, step, slabs: new Map([...tensors].map(([name, { data }]) => [name, data])) };
}

/** Describes the checkpoint that a failed training left. */
export async function lastCheckpoint(store: RunStore): Promise<string> {
  const metadata = await store.metadata('checkpoint');
  const step = metadata?.get('step');
  return step === undefined
    ? 'no checkpoint had been saved yet'
    : `${store.pathOf('checkpoint')} is intact: ${metadata!.get('stage')} after step ${step}`;
}

/**
 * How to continue a training that ended early: with --resume, by the same command (`again`), by a button of the `page`, or
 * not at all (`anew`).
 */
export type GoOn = 'resume' | 'again' | 'page' | 'anew';

const GOING_ON: Readonly<Record<Exclude<GoOn, 'anew'>, string>> = {
  resume: 'go on with --resume',
  again: 'the same command goes on',
  page: 'choose Go on',
};

/** Says how to continue such a training, and from which checkpoint. */
async function goingOn(store: RunStore, goOn: GoOn): Promise<string> {
  if (goOn === 'anew') return 'run it again: it starts anew';
  return `${GOING_ON[goOn]}: ${await lastCheckpoint(store)}`;
}

/** Adds how to continue to an error that allows it: a failed write, a lost device. */
export async function resumable(store: RunStore, goOn: GoOn, error: unknown): Promise<unknown> {
  if (error instanceof FileError) {
    const { message, fix, where, cause } = error;
    const then = `then ${await goingOn(store, goOn)}`;
    return new FileError(message, { where, fix: fix === undefined ? then : `${fix}; ${then}`, cause });
  }
  if (error instanceof GpuError && error.code === 'E_DEVICE_LOST') {
    const { code, message, where, cause } = error;
    return new GpuError(code, message, { where, fix: await goingOn(store, goOn), cause });
  }
  return error;
}

/** Puts a checkpoint's slabs back on the device. */
export function restoreSlabs(session: Session, checkpoint: Checkpoint): void {
  for (const [name, data] of checkpoint.slabs) session.state.set(name, data, [data.length]);
}
