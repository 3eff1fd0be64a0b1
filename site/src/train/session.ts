/** Training in the worker, as the page sees it. */
import { type Failure, failureOf, type Remote, remoteOf } from '../remote.ts';
import { withLater } from './losses.ts';
import type { Adopted, Chosen, Doing, Ended, Kept, LossPoint, Presets, TrainEvent } from './messages.ts';
import type { TrainMethods } from './worker.ts';

/** A training under way, or the one that ended last. */
export interface Running {
  readonly id: string;
  readonly progress: NonNullable<TrainEvent['progress']> | null;
  readonly stages: NonNullable<TrainEvent['stages']>;
  readonly losses: readonly LossPoint[];
  readonly saved: Kept['saved'];
  readonly notes: readonly string[];
  readonly ended: Ended | null;
}

/** What the page shows. */
export interface TrainState {
  readonly chosen: Chosen | null;
  readonly adopted: Adopted | null;
  readonly running: Running | null;
  readonly kept: readonly Kept[];
  readonly presets: Presets | null;
  readonly adapter: string | undefined;
  /** Between a click on Pause and the end. */
  readonly pausing: boolean;
  readonly failure: Failure | null;
}

export const EMPTY: TrainState = {
  chosen: null,
  adopted: null,
  running: null,
  kept: [],
  presets: null,
  adapter: undefined,
  pausing: false,
  failure: null,
};

export const IN_WORDS: Readonly<Record<Doing, string>> = {
  reading: 'Reading images',
  opening: 'Opening the graphics device',
  compiling: 'Compiling kernels',
  features: 'Features of the encoder',
  memory: 'Memory of normal patches',
  detector: 'Detector',
  collect: 'Maps of the training images',
  regressor: 'Alignment',
  regressor_std: 'Alignment by deviations',
  classifier: 'Alignment by classes',
};

export class TrainSession {
  readonly remote: Remote<TrainMethods>;
  #state = EMPTY;
  readonly #changed: (state: TrainState) => void;

  constructor(changed: (state: TrainState) => void) {
    this.#changed = changed;
    const worker = () => new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
    this.remote = remoteOf<TrainMethods>(worker, (event) => this.#heard(event as TrainEvent)).remote;
  }

  #set(part: Partial<TrainState>): void {
    this.#state = { ...this.#state, ...part };
    this.#changed(this.#state);
  }

  #heard({ id, adapter, progress, stages, losses, notes, saved, ended }: TrainEvent): void {
    const before = this.#state.running;
    const running =
      before?.id === id && !before?.ended
        ? before!
        : { id: id!, progress: null, stages: {}, losses: [], saved: null, notes: [], ended: null };
    this.#set({
      ...(adapter && { adapter }),
      running: {
        ...running,
        progress: progress ?? running.progress,
        // They come anew where a training goes on, with all of its losses so far.
        stages: stages ?? running.stages,
        losses: withLater(stages ? [] : running.losses, losses ?? []),
        notes: [...new Set([...running.notes, ...(notes ?? [])])],
        saved: saved ?? running.saved,
        ended: ended ?? null,
      },
      ...(ended && { pausing: false }),
    });
    if (ended) this.list();
  }

  /** Runs a call, and shows what went wrong with it. */
  try(call: Promise<unknown>): void {
    this.#set({ failure: null });
    call.catch((error: unknown) => this.#set({ failure: failureOf(error) }));
  }

  /** Asks for what the page shows at first. */
  begin(): void {
    this.try(this.remote.presets().then((presets) => this.#set({ presets })));
    this.list();
  }

  list(): void {
    this.remote.kept().then(
      (kept) => this.#set({ kept }),
      (error: unknown) => this.#set({ failure: failureOf(error) }),
    );
  }

  choose(files: Parameters<TrainMethods['choose']>[0]): void {
    this.#set({ chosen: null });
    this.try(this.remote.choose(files).then((chosen) => this.#set({ chosen })));
  }

  adopt(files: Parameters<TrainMethods['adopt']>[0]): void {
    this.#set({ adopted: null });
    this.try(this.remote.adopt(files).then((adopted) => this.#set({ adopted })));
  }

  start(choice: Parameters<TrainMethods['start']>[0]): void {
    // Browsers may otherwise drop what is stored when the disk is full; where they refuse, it works all the same.
    navigator.storage.persist().catch(() => {});
    this.try(this.remote.start(choice).then(() => this.#set({ adopted: null })));
  }

  pause(): void {
    this.#set({ pausing: true });
    this.try(this.remote.pause());
  }

  goOn(id: string): void {
    this.try(this.remote.goOn(id));
  }

  remove(id: string): void {
    const { running } = this.#state;
    if (running?.id === id) this.#set({ running: null });
    this.try(this.remote.remove(id).then(() => this.list()));
  }
}
