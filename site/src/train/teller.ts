import { tell } from '../remote.ts';
import type { TrainEvent } from './messages.ts';

/** Ms between two messages at least: steps may take less than one, and the page has to draw what it is told. */
const PAUSE_MS = 150;

/** Tells the page how a training goes, several events in one message. */
export class Teller {
  readonly #id: string;
  #waiting: TrainEvent[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(id: string) {
    this.#id = id;
  }

  tell(event: TrainEvent): void {
    this.#waiting.push(event);
    this.#timer ??= setTimeout(() => this.#send(), PAUSE_MS);
  }

  /** Sends what is waiting, and this at its end. */
  end(ended: TrainEvent['ended']): void {
    clearTimeout(this.#timer);
    this.#waiting.push({ ended });
    this.#send();
  }

  #send(): void {
    this.#timer = undefined;
    const all = this.#waiting;
    // Where a training goes on, all of its losses so far come with its stages.
    const anew = all.findLastIndex(({ stages }) => stages !== undefined);
    this.#waiting = [];
    tell({
      ...(Object.assign({}, ...all) as TrainEvent),
      id: this.#id,
      losses: all.slice(Math.max(0, anew)).flatMap(({ losses }) => losses ?? []),
      notes: all.flatMap(({ notes }) => notes ?? []),
    } satisfies TrainEvent);
  }
}
