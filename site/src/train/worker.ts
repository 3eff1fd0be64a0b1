/** The engine of the Train page. */
import { Zip, ZipPassThrough } from 'fflate';
import type { ChosenFile } from '../files/chosenFile.ts';
import { RUN_FILES } from '../files/runFiles.ts';
import { fileIn } from '../files/storage.ts';
import { answerCalls, failureOf } from '../remote.ts';
import { type AdoptedRun, adoptedRun } from './adopted.ts';
import { type TrainingImages, trainingImages } from './chosenImages.ts';
import { begin, goOn } from './job.ts';
import type { Adopted, Choice, Chosen, Ended, Kept, Presets } from './messages.ts';
import { presets } from './settings.ts';
import { Teller } from './teller.ts';
import { aboutOf, alone, keptTrainings, removeTraining, trainingFolder } from './trainings.ts';

let chosen: TrainingImages | null = null;
/** The run folder that goes on instead of a new training. */
let adopted: AdoptedRun | null = null;
/** The training under way. */
let job: { readonly stop: AbortController; readonly ended: Promise<void> } | null = null;

/** Runs a training beside the calls that this worker answers, if no other tab does. */
function begun(id: string, body: (how: { teller: Teller; signal: AbortSignal }) => Promise<Ended>): void {
  const stop = new AbortController();
  const teller = new Teller(id);
  const ended = alone(id, () => body({ teller, signal: stop.signal }))
    .catch((error: unknown): Ended => ({ how: 'failed', failure: failureOf(error) }))
    .then((how) => {
      job = null;
      teller.end(how);
    });
  job = { stop, ended };
}

const methods = {
  presets: (): Presets => presets(),

  kept: (): Promise<Kept[]> => keptTrainings(),

  /** Which of these files would be trained on. */
  choose(files: readonly ChosenFile[]): Chosen {
    chosen = trainingImages(files);
    const { name, classes, images, notes } = chosen;
    return { name, classes, notes, count: images.length };
  },

  /** The run folder that `start` goes on with; null: it begins a new training. */
  async adopt(files: readonly ChosenFile[] | null): Promise<Adopted | null> {
    adopted = null;
    if (!files) return null;
    adopted = await adoptedRun(files);
    const { name, config } = adopted;
    return { name, about: aboutOf(config) };
  },

  /** Begins a training on the chosen images; how it goes is told. */
  start(choice: Choice): void {
    const [images, run] = [chosen, adopted];
    adopted = null;
    if (job || !images) throw new Error(job ? 'a training is under way' : 'no images were chosen');
    const id = crypto.randomUUID();
    begun(id, async (how) => (await begin(id, images, choice, run, how)) ?? goOn(id, how));
  },

  /** Goes on with a training that was paused. */
  goOn(id: string): void {
    if (job) throw new Error('a training is under way');
    begun(id, (how) => goOn(id, how));
  },

  /** Stops the training under way once its state is saved. */
  async pause(): Promise<void> {
    job?.stop.abort();
    await job?.ended;
  },

  /** The run folder of a training. */
  async zip(id: string): Promise<Blob> {
    const folder = await trainingFolder(id);
    const parts: Uint8Array<ArrayBuffer>[] = [];
    const zip = new Zip((error, data) => {
      if (error) throw error;
      parts.push(data as Uint8Array<ArrayBuffer>);
    });
    for (const file of Object.values(RUN_FILES)) {
      const content = await fileIn(folder, file);
      if (!content) continue;
      // Weights do not get smaller.
      const entry = new ZipPassThrough(`run/${file}`);
      zip.add(entry);
      entry.push(new Uint8Array(await content.arrayBuffer()), true);
    }
    zip.end();
    return new Blob(parts, { type: 'application/zip' });
  },

  remove: (id: string): Promise<void> => alone(id, () => removeTraining(id)),
};

export type TrainMethods = typeof methods;
answerCalls(methods);
