import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { FileError } from '../errors.ts';
import { readText } from '../formats/regularFile.ts';
import type { GpuRequest } from '../runtime/session.ts';
import type { JudgementChoice } from '../score/judge.ts';
import { admission } from './admission.ts';
import { serveApp } from './app.ts';
import { MOST_HELD_BYTES, type ServeLimits } from './limits.ts';
import { serveMetrics } from './metrics.ts';
import { type NamedRun, servedRuns } from './servedRuns.ts';
import type { VersionOptions } from './version.ts';

export interface ServeOptions {
  readonly runs: readonly NamedRun[];
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly limits: ServeLimits;
  readonly choice?: JudgementChoice;
  readonly gpu?: GpuRequest;
  /** The token that requests need, or the file that holds it; default none. */
  readonly token?: string | undefined;
  readonly tokenFile?: string | undefined;
  readonly version: string;
  readonly log: { readonly level: string; readonly stream: NodeJS.WritableStream };
}

export interface Server {
  readonly app: FastifyInstance;
  /** Where it listens, such as http://127.0.0.1:8080. */
  readonly url: string;
  /** Settles once all runs are open. @throws why one could not be. */
  readonly opened: Promise<void>;
  /** Reads runs and token again. What cannot be read stays as it was, and the log says why. */
  reload(): Promise<void>;
  /** Takes no new requests, answers those under way, and closes the devices. */
  close(): Promise<void>;
}

/** Listens, and opens the runs meanwhile: until then /readyz says 503, and so does whoever asks for a verdict. */
export async function serve(options: ServeOptions): Promise<Server> {
  const { runs: named, host, port, limits, choice = {}, gpu } = options;
  let token = await tokenOf(options);
  let secondsPerImage = 0;
  const optionsFor = (run: string): VersionOptions => ({
    choice,
    gpu,
    waitMs: limits.waitMs,
    mostPixels: limits.pixels,
    onBatch(images, seconds) {
      metrics.batch(run, images, seconds);
      secondsPerImage += (seconds / images - secondsPerImage) / 8;
    },
    device: {
      failed: (error) => app.log.error({ run, err: error }, 'the device failed'),
      reopened() {
        metrics.reopened(run);
        app.log.info({ run }, 'the device is open again');
      },
    },
  });
  const runs = servedRuns(named, optionsFor, (run, outcome) => {
    if (outcome instanceof Error) app.log.error({ run, err: outcome }, 'stays as it was');
    else app.log.info({ run, weights: outcome.weights, adapter: outcome.adapter }, 'taken anew');
  });
  const bytes = Math.max(MOST_HELD_BYTES, limits.bytes);
  const held = admission({ images: limits.queue, bytes });
  const metrics = serveMetrics(runs, held);
  const { version, log } = options;
  const backlogSeconds = (): number => held.images * secondsPerImage;
  const app = await serveApp({
    runs,
    limits,
    held,
    metrics,
    version,
    token: () => token,
    backlogSeconds,
    log,
  });
  await app.listen({ host, port }).catch((cause: NodeJS.ErrnoException) => {
    throw new FileError(`${host}:${port}: cannot be listened at: ${cause.message}`, {
      fix: 'choose another --port (0: any that is free) or --host',
      cause,
    });
  });
  const { address, port: own, family } = app.server.address() as AddressInfo;
  return {
    app,
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${own}`,
    opened: runs.open(),
    async reload() {
      token = await tokenOf(options).catch((error: unknown) => {
        app.log.error({ err: error }, 'the token stays as it was');
        return token;
      });
      await runs.reload();
    },
    async close() {
      await app.close();
      await runs.close();
    },
  };
}

async function tokenOf({
  token,
  tokenFile,
}: Pick<ServeOptions, 'token' | 'tokenFile'>): Promise<string | null> {
  const text = tokenFile === undefined ? token : await tokenIn(tokenFile);
  return text === undefined ? null : text;
}

async function tokenIn(path: string): Promise<string> {
  const text = (await readText(path, 'write the token into it')).trim();
  if (text !== '') return text;
  throw new FileError(`${path}: holds no token`, { where: path, fix: 'write the token into it' });
}
