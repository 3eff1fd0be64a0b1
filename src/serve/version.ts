import { availableParallelism } from 'node:os';
import { DecodePool } from '../data/decodePool.ts';
import { frameOf } from '../data/frame.ts';
import { type ByteSource, openBytes } from '../formats/byteSource.ts';
import { sha256In } from '../formats/sha256.ts';
import { weightsIn } from '../formats/weightsBytes.ts';
import { frameIn } from '../run/config.ts';
import { runFiles } from '../run/folder.ts';
import type { GpuRequest } from '../runtime/session.ts';
import { finiteMaps } from '../score/finiteMaps.ts';
import {
  type Judgement,
  type JudgementChoice,
  openJudge,
  readJudgement,
  type Verdict,
  verdictOn,
} from '../score/judge.ts';
import type { ScoredImage } from '../score/scoredImage.ts';
import { type DeviceEvents, steadyScorer } from '../score/steadyScorer.ts';
import { gatherer } from './gatherer.ts';

/** An image as it came with a request. */
export interface SentImage {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface JudgedImage {
  readonly verdict: Verdict;
  /** [size, size], of the alignment that the verdict is by. */
  readonly map: Float32Array;
  /** RGB planes [3, size, size], 8 bits. */
  readonly pixels: Uint8Array;
}

/** A run as its folder was when it was read, on a device of its own. */
export interface Version {
  readonly judgement: Judgement;
  /** SHA-256 of its weights. */
  readonly weights: string;
  readonly adapter: string;
  readonly batch: number;
  /** Whether its device works now. */
  readonly alive: boolean;
  /** Bytes of its buffers on the device. */
  readonly deviceBytes: number;
  /** Decodes, gathers into batches, scores. @throws ImageError, NotFiniteError, GpuError. */
  judge(image: SentImage): Promise<JudgedImage>;
  /** Once all that is under way has been judged. */
  close(): Promise<void>;
}

interface Scored {
  readonly image: ScoredImage;
  readonly verdict: Verdict;
}

/** What versions of a run have in common. */
export interface VersionOptions {
  readonly choice: JudgementChoice;
  readonly gpu?: GpuRequest;
  /** Milliseconds that an image waits for others at most. */
  readonly waitMs: number;
  /** Pixels of an image at most. */
  readonly mostPixels: number;
  readonly onBatch: (images: number, seconds: number) => void;
  readonly device: DeviceEvents;
}

/** Reads a run, opens a device for it and scores a first batch, so that the first request finds all in place. */
export async function openVersion(run: string, options: VersionOptions): Promise<Version> {
  const judgement = await readJudgement(run, options.choice);
  // Held open, so that a device that is opened again judges by the same weights, whatever is in the folder then.
  const source = await openBytes(runFiles(run).weights);
  try {
    return await versionOf(judgement, source, options);
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** @param source the run's weights, which it closes in the end. */
async function versionOf(
  judgement: Judgement,
  source: ByteSource,
  options: VersionOptions,
): Promise<Version> {
  const { gpu, waitMs, mostPixels, onBatch } = options;
  const weights = await sha256In(source);
  const file = await weightsIn(source);
  const scorer = await steadyScorer(() => openJudge(judgement, gpu, file), options.device);
  const { adapter, batch, atOnce } = scorer.now!;
  const frame = frameOf(frameIn(judgement.config));
  try {
    await scorer.score([new Uint8Array(3 * frame.size ** 2)]);
  } catch (error) {
    scorer.close();
    throw error;
  }
  const pool = new DecodePool(frame, Math.max(1, availableParallelism() - 1));
  const { put, idle } = gatherer<Uint8Array, Scored>({
    most: atOnce,
    waitMs,
    async work(images) {
      const began = performance.now();
      const scored = await scorer.score(images);
      onBatch(images.length, (performance.now() - began) / 1000);
      return scored.map((image) => ({ image, verdict: verdictOn(judgement, scorer.now!, image) }));
    },
  });
  let underWay = 0;
  const whenDone: (() => void)[] = [];
  return {
    judgement,
    weights,
    adapter,
    batch,
    get alive() {
      return scorer.now !== null;
    },
    get deviceBytes() {
      return scorer.now?.deviceBytes ?? 0;
    },
    async judge({ name, bytes }) {
      underWay += 1;
      try {
        const pixels = await pool.decode(name, false, { bytes, mostPixels });
        const { image, verdict } = await put(pixels);
        return { verdict, map: finiteMaps(name, image).maps.get(judgement.aligned)!, pixels };
      } finally {
        underWay -= 1;
        if (underWay === 0) for (const tell of whenDone.splice(0)) tell();
      }
    },
    async close() {
      if (underWay > 0) await new Promise<void>((settle) => whenDone.push(settle));
      await idle();
      scorer.close();
      await pool.close();
      await file.close();
    },
  };
}
