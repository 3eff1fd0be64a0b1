/** Trainings in the browser's storage: a folder each, with a run's files and what it is trained on. */
import { FileError } from '../../../src/errors.ts';
import type { RunConfig } from '../../../src/run/settings.ts';
import type { Costs } from '../../../src/train/estimate.ts';
import type { Stage } from '../../../src/train/training.ts';
import { RUN_FILES, TRAININGS } from '../files/runFiles.ts';
import { type Folder, fileIn, folderAt, jsonIn, knownFolderAt, removeIn } from '../files/storage.ts';
import { storedRun } from '../files/storedRun.ts';
import type { Kept } from './messages.ts';

/** Files beside those of the run. */
export const OWN_FILES = {
  about: 'training.json',
  /** The images as the networks see them: planes of RGB in 8 bits, one image after another. Until it is finished. */
  images: 'images.rgb',
  /** The encoder's weights. Until it is finished. */
  encoder: 'encoder.weights',
} as const;

/** What a training needs beside its configuration. */
export interface Training {
  readonly name: string;
  /** ISO 8601. */
  readonly begun: string;
  readonly classes: readonly string[];
  readonly images: readonly { readonly id: string; readonly className: string }[];
  readonly saveEvery: number;
  /** Name of the file of the encoder's weights. */
  readonly encoder: string;
  /** Measured before it began. */
  readonly costs?: Costs;
}

export const trainingFolder = (id: string): Promise<Folder> => folderAt(TRAININGS, id);

/** The trainings that can go on or are finished, the latest first; what a closed tab left of others is removed. */
export async function keptTrainings(): Promise<Kept[]> {
  const root = await knownFolderAt(TRAININGS);
  const found: Kept[] = [];
  if (!root) return found;
  for await (const [id, folder] of root.entries()) {
    if (folder.kind !== 'directory') continue;
    const kept = await keptIn(id, folder);
    if (kept) found.push(kept);
    else {
      // Another tab may be reading images for it.
      await heldBy(id, async (isOurs) => {
        // What cannot be removed yet is tried again when they are listed next.
        if (isOurs) await removeIn(root, id).catch(() => {});
      });
    }
  }
  return found.sort((a, b) => (a.begun < b.begun ? 1 : -1));
}

async function keptIn(id: string, folder: Folder): Promise<Kept | null> {
  const [training, config] = [
    await jsonIn<Training>(folder, OWN_FILES.about),
    await jsonIn<RunConfig>(folder, RUN_FILES.config),
  ];
  if (!training || !config) return null;
  const isFinished = (await fileIn(folder, RUN_FILES.weights)) !== null;
  const said = await storedRun(folder).metadata('checkpoint');
  return {
    id,
    name: training.name,
    begun: training.begun,
    about: `${aboutOf(config)}, ${training.images.length} images`,
    state: isFinished ? 'finished' : 'unfinished',
    saved: said ? { stage: said.get('stage') as Stage, step: Number(said.get('step')) } : null,
  };
}

/** Such as `revdist with cada, encoder resnet18_w32, 128 px`. */
export const aboutOf = ({ method, align, encoder, size }: RunConfig): string =>
  `${method} with ${align.join(', ')}, encoder ${encoder}, ${size} px`;

export async function removeTraining(id: string): Promise<void> {
  await removeIn(await folderAt(TRAININGS), id);
}

/**
 * Does this while no other tab reads images for this training, trains it or removes it.
 * @throws FileError where one does.
 */
export function alone<T>(id: string, work: () => Promise<T>): Promise<T> {
  return heldBy(id, async (isOurs) => {
    if (isOurs) return work();
    throw new FileError('another tab is at work on this training', { fix: 'look there, or close that tab' });
  });
}

/** @param work is told whether the training's lock is ours while it runs. */
const heldBy = <T>(id: string, work: (isOurs: boolean) => Promise<T>): Promise<T> =>
  navigator.locks.request(`wgad-training-${id}`, { ifAvailable: true }, (lock) => work(lock !== null));
