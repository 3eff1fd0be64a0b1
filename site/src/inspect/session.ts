/** Judging in the worker: files wait in a queue, a lost device is opened again once. */

import type { ChosenFile, Refused } from '../files/chosenFile.ts';
import { type Failure, failureOf, type Remote, remoteOf } from '../remote.ts';
import type { DetectorFacts, DetectorFiles, Judged } from './messages.ts';
import type { InspectMethods } from './worker.ts';

/** What the page shows. */
export interface InspectState {
  readonly detector: DetectorFacts | null;
  readonly judged: readonly Judged[];
  readonly refused: readonly Refused[];
  readonly waiting: number;
  /** In words, while something takes long; with how far it has come. */
  readonly busy: { readonly says: string; readonly done?: number; readonly of?: number } | null;
  readonly failure: Failure | null;
}

export const EMPTY: InspectState = {
  detector: null,
  judged: [],
  refused: [],
  waiting: 0,
  busy: null,
  failure: null,
};

/** Changes are shown together, so that drawing them does not grow with how fast images are judged. */
const SHOW_MS = 100;

export class InspectSession {
  readonly remote: Remote<InspectMethods>;
  #state = EMPTY;
  readonly #changed: (state: InspectState) => void;
  #files: DetectorFiles | null = null;
  #queue: ChosenFile[] = [];
  #working = false;
  /** A change is about to be shown. */
  #waiting = false;
  /** Another detector was opened: what is on its way was judged by the one before. */
  #round = 0;

  constructor(changed: (state: InspectState) => void) {
    this.#changed = changed;
    const worker = () => new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
    const { remote } = remoteOf<InspectMethods>(worker, (event) => {
      const { compiled, of } = event as { compiled: number; of: number };
      if (compiled < of) this.#set({ busy: { says: 'Compiling kernels', done: compiled, of } });
    });
    this.remote = remote;
  }

  #set(part: Partial<InspectState>): void {
    this.#state = { ...this.#state, ...part };
    if (this.#waiting) return;
    this.#waiting = true;
    setTimeout(() => {
      this.#waiting = false;
      this.#changed(this.#state);
    }, SHOW_MS);
  }

  /** Opens a detector; all images are judged anew by it. */
  async open(files: DetectorFiles, pictures: readonly ChosenFile[] = []): Promise<void> {
    this.#round += 1;
    this.#queue = [];
    this.#set({ ...EMPTY, busy: { says: `Opening ${files.name}` } });
    try {
      const detector = await this.remote.open(files);
      this.#files = files;
      this.#set({ detector, busy: null });
      this.add(pictures);
    } catch (error) {
      this.#files = null;
      this.#set({ busy: null, failure: failureOf(error) });
    }
  }

  add(pictures: readonly ChosenFile[]): void {
    this.#queue.push(...pictures);
    this.#set({ waiting: this.#queue.length });
    if (!this.#working) this.#work().catch((error: unknown) => this.fail(failureOf(error)));
  }

  /** Shows what went wrong, or nothing any more. */
  fail(failure: Failure | null): void {
    this.#set({ failure });
  }

  keep(judged: Judged): void {
    this.#set({ judged: [...this.#state.judged, judged] });
  }

  clear(): void {
    this.#queue = [];
    this.#set({ judged: [], refused: [], waiting: 0, failure: null });
  }

  async #work(): Promise<void> {
    this.#working = true;
    let reopened = false;
    try {
      while (this.#queue.length > 0 && this.#state.detector) {
        const round = this.#round;
        const some = this.#queue.splice(0, this.#state.detector.atOnce);
        try {
          const rows = await this.remote.judge(some);
          if (round !== this.#round) continue;
          this.#set({
            judged: [...this.#state.judged, ...rows.filter((row): row is Judged => !('error' in row))],
            refused: [...this.#state.refused, ...rows.filter((row): row is Refused => 'error' in row)],
            waiting: this.#queue.length,
            busy: null,
          });
          reopened = false;
        } catch (error) {
          const failure = failureOf(error);
          if (round !== this.#round) continue;
          if (failure.code !== 'E_DEVICE_LOST' || reopened || !this.#files) throw error;
          reopened = true;
          this.#queue.unshift(...some);
          this.#set({ detector: await this.remote.open(this.#files) });
        }
      }
    } catch (error) {
      this.#queue = [];
      this.#set({ failure: failureOf(error), waiting: 0, busy: null });
    } finally {
      this.#working = false;
    }
  }
}
