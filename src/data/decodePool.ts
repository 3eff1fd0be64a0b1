import { existsSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { ImageError } from '../errors.ts';
import type { AnomalyJob, AnomalySample } from './anomalies/index.ts';
import { processBudget } from './decodeBudget.ts';
import type { WorkGrant, WorkReply, WorkRequest } from './decodeWorker.ts';
import type { Frame } from './frame.ts';

/** Requests a worker holds at once: one in work and one to go on with. */
const DEPTH = 2;

interface Job {
  readonly work: WorkRequest['work'];
  readonly resolve: (done: Uint8Array | AnomalySample) => void;
  readonly reject: (error: unknown) => void;
}

interface Member {
  readonly worker: Worker;
  readonly jobs: Map<number, Job>;
  /** Its shares of the memory for decoding, and how to give them back. */
  readonly shares: Map<number, () => void>;
}

/**
 * Worker threads that decode and resize images, and draw anomalies into them. They start when first needed, and keep the
 * process alive only while they have work.
 */
export class DecodePool {
  readonly #frame: Frame;
  readonly #limit: number;
  readonly #members = new Set<Member>();
  readonly #urgent: Job[] = [];
  readonly #background: Job[] = [];
  #nextId = 0;
  #closed = false;
  /** Why it was closed, where that was said. */
  #reason: unknown;

  /** `frame`: size of the result; `workers`: most threads. */
  constructor(frame: Frame, workers: number) {
    this.#frame = frame;
    this.#limit = workers;
  }

  /** RGB planes [3, size, size]. Background requests wait for all others. Rejects with ImageError. */
  decode(path: string, background: boolean): Promise<Uint8Array> {
    return this.#do({ path, frame: this.#frame }, background) as Promise<Uint8Array>;
  }

  /** A training sample with an anomaly, or without; see `drawAnomaly`. */
  drawAnomaly(anomaly: AnomalyJob): Promise<AnomalySample> {
    return this.#do({ path: anomaly.path, anomaly }, false) as Promise<AnomalySample>;
  }

  /** Move a background request that has not begun to the front. */
  hurry(path: string): void {
    const at = this.#background.findIndex(({ work }) => work.path === path);
    if (at >= 0) this.#urgent.push(...this.#background.splice(at, 1));
  }

  /** Stop all threads; what is under way or waits is rejected, for that reason if there is one. */
  async close(reason?: unknown): Promise<void> {
    this.#closed = true;
    this.#reason ??= reason;
    const running = [...this.#members].flatMap((member) => [...member.jobs.values()]);
    for (const job of [...running, ...this.#urgent.splice(0), ...this.#background.splice(0)]) {
      job.reject(reason ?? closedError(job.work.path));
    }
    const members = [...this.#members];
    await Promise.all(members.map((member) => member.worker.terminate()));
    for (const member of members) this.#bury(member, undefined);
  }

  #do(work: WorkRequest['work'], background: boolean): Promise<Uint8Array | AnomalySample> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(this.#reason ?? closedError(work.path));
      (background ? this.#background : this.#urgent).push({ work, resolve, reject });
      this.#dispatch();
    });
  }

  #dispatch(): void {
    while (this.#urgent.length + this.#background.length > 0) {
      const member = this.#leastBusy();
      if (!member) return;
      const job = this.#urgent.shift() ?? this.#background.shift()!;
      const id = this.#nextId++;
      member.jobs.set(id, job);
      member.worker.ref();
      member.worker.postMessage({ id, work: job.work } satisfies WorkRequest);
    }
  }

  /** An idle worker, else a new one, else the least busy that has room. */
  #leastBusy(): Member | undefined {
    let best: Member | undefined;
    for (const member of this.#members) if (!best || member.jobs.size < best.jobs.size) best = member;
    if (best?.jobs.size === 0) return best;
    if (this.#members.size < this.#limit) return this.#start();
    return best && best.jobs.size < DEPTH ? best : undefined;
  }

  #start(): Member {
    const member: Member = {
      worker: new Worker(workerUrl(), { execArgv: [] }),
      jobs: new Map(),
      shares: new Map(),
    };
    this.#members.add(member);
    member.worker.on('message', (reply: WorkReply) => {
      if ('share' in reply) return this.#share(member, reply);
      const job = member.jobs.get(reply.id);
      member.jobs.delete(reply.id);
      // Not once it is closing: `close` would wait for the thread in a process that ends without it (exit 13).
      if (member.jobs.size === 0 && !this.#closed) member.worker.unref();
      if ('done' in reply) job?.resolve(reply.done);
      else job?.reject(new ImageError(reply.message, { where: reply.where }));
      this.#dispatch();
    });
    // A thread that dies (out of memory, say) takes its own images with it and no others.
    member.worker.on('error', (cause) => this.#bury(member, cause));
    member.worker.on('exit', () => this.#bury(member, undefined));
    return member;
  }

  /** Passes a thread's wish for memory on to the budget of the process. */
  #share(member: Member, wish: Extract<WorkReply, { share: number }>): void {
    const { share } = wish;
    if ('release' in wish) {
      member.shares.get(share)?.();
      member.shares.delete(share);
      return;
    }
    processBudget()
      .take(wish.take)
      .then((release) => {
        // The thread may have ended meanwhile.
        if (!this.#members.has(member)) return release();
        member.shares.set(share, release);
        member.worker.postMessage({ granted: share } satisfies WorkGrant);
      })
      .catch((error: Error) => this.#bury(member, error));
  }

  #bury(member: Member, cause: Error | undefined): void {
    if (!this.#members.delete(member)) return;
    for (const release of member.shares.values()) release();
    for (const { work, reject } of member.jobs.values()) {
      const { path } = work;
      const reason = cause?.message ?? 'it ended';
      reject(
        new ImageError(`cannot read image ${path}: its decoding thread stopped: ${reason}`, {
          where: path,
          cause,
        }),
      );
    }
    if (!this.#closed) this.#dispatch();
  }
}

const closedError = (path: string): ImageError =>
  new ImageError(`cannot read image ${path}: the loader is closed`, { where: path });

/** Threads run JavaScript on every supported Node, so from TypeScript sources the built file is taken. */
function workerUrl(): URL {
  if (!import.meta.url.endsWith('.ts')) return new URL('./decodeWorker.js', import.meta.url);
  const built = new URL('../../dist/data/decodeWorker.js', import.meta.url);
  if (!existsSync(built)) {
    throw new ImageError(`cannot decode images: ${built.pathname} is missing`, {
      fix: 'Run `npm run build`.',
    });
  }
  return built;
}
