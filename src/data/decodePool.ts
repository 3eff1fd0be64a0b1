import { Worker } from 'node:worker_threads';
import { addressShortage } from '../addressRoom.ts';
import { ImageError, WgadError } from '../errors.ts';
import type { AnomalyJob, AnomalySample } from './anomalies/index.ts';
import { builtModule } from './builtModule.ts';
import type { ImageGiven } from './decode.ts';
import { type Decoded, type DecodeKind, type DecodeWork, errorOf } from './decodeWork.ts';
import type { AnomalyWork, WorkReply, WorkRequest } from './decodeWorker.ts';
import { decoded } from './decoding.ts';
import type { Frame } from './frame.ts';

const THREAD = 'a thread that decodes images';
/** Requests a worker holds at once: one in work and one to go on with. */
const DEPTH = 2;

type PoolWork = DecodeWork<'pixels'> | AnomalyWork;
type Done = Uint8Array | AnomalySample;

interface Job {
  readonly work: PoolWork;
  readonly resolve: (done: Done) => void;
  readonly reject: (error: unknown) => void;
}

/** What a thread was asked for. */
interface Asked {
  readonly resolve: (done: Decoded | AnomalySample) => void;
  readonly reject: (error: unknown) => void;
}

interface Member {
  readonly worker: Worker;
  readonly jobs: Set<Job>;
  readonly asked: Map<number, Asked>;
}

/**
 * Worker threads that decode and resize images, and draw anomalies into them. They start when first needed, and keep the
 * process alive only while they have work.
 */
export class DecodePool {
  readonly #frame: Required<Frame>;
  readonly #limit: number;
  readonly #members = new Set<Member>();
  readonly #urgent: Job[] = [];
  readonly #background: Job[] = [];
  /** Ends the decodes of large images, which are in processes of their own. */
  readonly #stop = new AbortController();
  #nextId = 0;
  /** Why it was closed, where that was said. */
  #reason: unknown;

  /** `frame`: size of the result; `workers`: most threads. */
  constructor(frame: Required<Frame>, workers: number) {
    this.#frame = frame;
    this.#limit = workers;
  }

  /**
   * RGB planes [3, size, size]. Background requests wait for all others. Rejects with ImageError.
   * @param given its content in place of the file, and how large it may be.
   */
  decode(path: string, background: boolean, given: ImageGiven = {}): Promise<Uint8Array> {
    const work = { what: 'pixels', path, frame: this.#frame, ...given } as const;
    return this.#do(work, background) as Promise<Uint8Array>;
  }

  /** A training sample with an anomaly, or without; see `drawAnomaly`. */
  drawAnomaly(anomaly: AnomalyJob): Promise<AnomalySample> {
    return this.#do({ what: 'anomaly', path: anomaly.path, anomaly }, false) as Promise<AnomalySample>;
  }

  /** Move a background request that has not begun to the front. */
  hurry(path: string): void {
    const at = this.#background.findIndex(({ work }) => work.path === path);
    if (at >= 0) this.#urgent.push(...this.#background.splice(at, 1));
  }

  /** Stop all threads; what is under way or waits is rejected, for that reason if there is one. */
  async close(reason?: unknown): Promise<void> {
    this.#reason ??= reason;
    this.#stop.abort();
    const running = [...this.#members].flatMap((member) => [...member.jobs]);
    for (const job of [...running, ...this.#urgent.splice(0), ...this.#background.splice(0)]) {
      job.reject(reason ?? closedError(job.work.path));
    }
    const members = [...this.#members];
    await Promise.all(members.map((member) => member.worker.terminate()));
    for (const member of members) this.#bury(member, undefined);
  }

  get #closed(): boolean {
    return this.#stop.signal.aborted;
  }

  #do(work: PoolWork, background: boolean): Promise<Done> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(this.#reason ?? closedError(work.path));
      (background ? this.#background : this.#urgent).push({ work, resolve, reject });
      this.#dispatch();
    });
  }

  #dispatch(): void {
    while (this.#urgent.length + this.#background.length > 0) {
      const shortage = this.#members.size === 0 ? addressShortage(THREAD) : null;
      if (shortage) {
        for (const job of [...this.#urgent.splice(0), ...this.#background.splice(0)]) job.reject(shortage);
        return;
      }
      const member = this.#leastBusy();
      if (!member) return;
      const job = this.#urgent.shift() ?? this.#background.shift()!;
      member.jobs.add(job);
      member.worker.ref();
      this.#carryOut(member, job.work)
        .then(job.resolve, job.reject)
        .finally(() => this.#finish(member, job));
    }
  }

  /** @throws WgadError, whatever goes wrong. */
  async #carryOut(member: Member, work: PoolWork): Promise<Done> {
    try {
      if (work.what === 'anomaly') return await this.#ask<AnomalySample>(member, work);
      const here = <K extends DecodeKind>(each: DecodeWork<K>): Promise<Decoded<K>> =>
        this.#ask(member, each as DecodeWork);
      return await decoded(work, { here, signal: this.#stop.signal });
    } catch (error) {
      if (error instanceof WgadError) throw error;
      const { path } = work;
      throw new ImageError(
        `cannot read image ${path}: its decoding thread stopped: ${(error as Error).message}`,
        { where: path, cause: error },
      );
    }
  }

  #finish(member: Member, job: Job): void {
    member.jobs.delete(job);
    // Not once it is closing: `close` would wait for the thread in a process that ends without it (exit 13).
    if (this.#closed) return;
    if (member.jobs.size === 0) member.worker.unref();
    this.#dispatch();
  }

  /** Asks a thread for work. @throws whatever the thread ended of. */
  #ask<T extends Decoded | AnomalySample>(member: Member, work: WorkRequest['work']): Promise<T> {
    return new Promise((resolve, reject) => {
      if (!this.#members.has(member)) return reject(new Error('it ended'));
      const id = this.#nextId++;
      member.asked.set(id, { resolve: (done) => resolve(done as T), reject });
      member.worker.postMessage({ id, work } satisfies WorkRequest);
    });
  }

  /** An idle worker, else a new one, else the least busy that has room. */
  #leastBusy(): Member | undefined {
    let best: Member | undefined;
    for (const member of this.#members) if (!best || member.jobs.size < best.jobs.size) best = member;
    if (best?.jobs.size === 0) return best;
    const mayStart = this.#members.size < this.#limit && !(best && addressShortage(THREAD));
    if (mayStart) return this.#start();
    return best && best.jobs.size < DEPTH ? best : undefined;
  }

  #start(): Member {
    const member: Member = {
      worker: new Worker(builtModule('decodeWorker'), { execArgv: [] }),
      jobs: new Set(),
      asked: new Map(),
    };
    this.#members.add(member);
    member.worker.on('message', (reply: WorkReply) => {
      const asked = member.asked.get(reply.id);
      member.asked.delete(reply.id);
      if ('done' in reply) asked?.resolve(reply.done);
      else asked?.reject(errorOf(reply.failure));
    });
    // A thread that dies (out of memory, say) takes its own images with it and no others.
    member.worker.on('error', (cause) => this.#bury(member, cause));
    member.worker.on('exit', () => this.#bury(member, undefined));
    return member;
  }

  #bury(member: Member, cause: Error | undefined): void {
    if (!this.#members.delete(member)) return;
    for (const asked of member.asked.values()) asked.reject(cause ?? new Error('it ended'));
    if (!this.#closed) this.#dispatch();
  }
}

const closedError = (path: string): ImageError =>
  new ImageError(`cannot read image ${path}: the loader is closed`, { where: path });
