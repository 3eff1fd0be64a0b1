import { type ChildProcess, fork } from 'node:child_process';
import { ImageError } from '../errors.ts';
import { builtModule } from './builtModule.ts';
import { type Decoded, type DecodeWork, errorOf, type Failure } from './decodeWork.ts';
import type { StopSignal } from './stopSignal.ts';

/** What a decoding process says of its work. */
export type ProcessReply = { readonly done: Decoded } | { readonly failure: Failure };

/** Memory of such a process beside the image. */
export const PROCESS_BYTES = 64 * 2 ** 20;

/** A process without work ends after so many milliseconds: starting one takes a fifth of a second. */
const REST = 2000;

const running = new Set<ChildProcess>();
const idle = new Set<ChildProcess>();

/**
 * Does the work in a process of its own, which `signal` and the end of this process end at once: a decode in a thread cannot be
 * stopped, and `exit` waits for it. @throws ImageError; the signal's reason.
 */
export async function workApart(work: DecodeWork, signal?: StopSignal): Promise<Decoded> {
  if (signal?.aborted) throw signal.reason;
  const [rested] = idle;
  const child = rested ?? start();
  idle.delete(child);
  child.ref();
  child.channel?.ref();
  const stop = (): void => void child.kill('SIGKILL');
  signal?.addEventListener('abort', stop, { once: true });
  try {
    const reply = await replyOf(child, work);
    if ('failure' in reply) throw errorOf(reply.failure);
    return reply.done;
  } catch (error) {
    throw signal?.aborted ? signal.reason : error;
  } finally {
    signal?.removeEventListener('abort', stop);
    rest(child);
  }
}

function start(): ChildProcess {
  if (running.size === 0) process.on('exit', endAll);
  const child = fork(builtModule('decodeChild'), [], {
    execArgv: [],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    // In a group of its own: Ctrl-C on a terminal goes to this process, which decides.
    detached: true,
  });
  running.add(child);
  child.on('error', () => forget(child));
  child.on('exit', () => forget(child));
  return child;
}

function forget(child: ChildProcess): void {
  idle.delete(child);
  running.delete(child);
  if (running.size === 0) process.off('exit', endAll);
}

function endAll(): void {
  for (const child of running) child.kill('SIGKILL');
}

/** Keeps a process for the next work, without keeping this one alive. */
function rest(child: ChildProcess): void {
  if (!running.has(child) || child.killed) return;
  child.unref();
  child.channel?.unref();
  idle.add(child);
  const timer = setTimeout(() => {
    if (idle.delete(child)) child.kill('SIGKILL');
  }, REST);
  timer.unref();
}

function replyOf(child: ChildProcess, work: DecodeWork): Promise<ProcessReply> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      child.off('message', onMessage);
      child.off('error', onError);
      child.off('exit', onExit);
    };
    const fail = (reason: string, cause?: Error): void => {
      settle();
      const { path } = work;
      reject(new ImageError(`cannot read image ${path}: ${reason}`, { where: path, cause }));
    };
    const onMessage = (reply: unknown): void => {
      settle();
      resolve(reply as ProcessReply);
    };
    const onError = (error: Error): void => fail(`its decoding process fails: ${error.message}`, error);
    const onExit = (code: number | null, signal: string | null): void =>
      fail(
        signal === 'SIGKILL'
          ? 'its decoding process was killed, as systems do when memory runs out'
          : `its decoding process stopped (${signal ?? `exit code ${code}`})`,
      );
    child.on('message', onMessage);
    child.on('error', onError);
    child.on('exit', onExit);
    child.send(work, (error) => {
      if (error) onError(error);
    });
  });
}
