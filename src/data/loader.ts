import { availableParallelism } from 'node:os';
import { ConfigError, gotText } from '../errors.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../options.ts';
import { planAnomaly } from './anomalies/index.ts';
import { DecodePool } from './decodePool.ts';
import { FRAME, type Frame, frameOf } from './frame.ts';
import { normalize } from './normalize.ts';
import type { StopSignal } from './stopSignal.ts';
import { cutTile, type TileGrid, type TileOf } from './tiles.ts';

/** How images come, and what they may take. */
export interface ImageLoaderOptions extends Frame {
  /** Decoding threads at most; default one less than there are cores, at least 1. */
  readonly workers?: number;
  /** Resized 8-bit images to keep, in bytes; default 1 GiB (5,461 images of 256 px). */
  readonly cacheBytes?: number;
  /** Images read ahead and not asked for yet, at most; default 64. */
  readonly ahead?: number;
  /** Once aborted, loads under way are rejected with its reason, and nothing more is loaded. */
  readonly signal?: StopSignal;
}

const LOADER_OPTIONS: OptionNames<ImageLoaderOptions> = {
  ...FRAME,
  workers: true,
  cacheBytes: true,
  signal: true,
  ahead: true,
};

/** What `ImageLoader.loadAnomalies` draws. */
interface AnomalyOptions {
  seed: number;
  /** Number of the first sample. */
  first: number;
  /** Images that anomalies are made of; none: procedural ones. */
  textures: readonly string[];
  /** Of each image the tile that is taken, and of its texture; default the whole of both. */
  tiles?: { readonly grid: TileGrid; readonly which: readonly number[] };
}

const ANOMALY_OPTIONS: OptionNames<AnomalyOptions> = {
  seed: true,
  first: true,
  textures: true,
  tiles: true,
};

/**
 * Loads images as `loadImage` does, on several threads, and keeps what it decoded as far as it fits: a
 * training set that fits is decoded once. Every failure is an ImageError that names its file.
 */
export class ImageLoader {
  readonly size: number;
  readonly #pool: DecodePool;
  readonly #cacheBytes: number;
  readonly #aheadLimit: number;
  /** Least recently used first. */
  readonly #cache = new Map<string, Uint8Array>();
  #cachedBytes = 0;
  /** Under way for a caller. */
  readonly #pending = new Map<string, Promise<Uint8Array>>();
  /** Read ahead, done or not, until someone asks. */
  readonly #ahead = new Map<string, Promise<Uint8Array>>();

  /** @throws ConfigError for invalid sides and counts. */
  constructor(options: ImageLoaderOptions, ...extra: never[]) {
    refuseExtra('ImageLoader', extra);
    requireOptions('ImageLoader', options, LOADER_OPTIONS);
    const { size, resize, resample, signal } = options;
    const { workers = Math.max(1, availableParallelism() - 1), cacheBytes = 2 ** 30, ahead = 64 } = options;
    const frame = frameOf({ size, resize, resample });
    if (!(Number.isInteger(workers) && workers >= 1 && cacheBytes >= 0 && ahead >= 0)) {
      throw new ConfigError(
        `ImageLoader: expects at least 1 of workers, and 0 or more cacheBytes and ahead, got ${[workers, cacheBytes, ahead].map(gotText).join(', ')}`,
      );
    }
    if (signal !== undefined && typeof signal?.addEventListener !== 'function') {
      throw new ConfigError(`ImageLoader: signal expects an AbortSignal, got ${gotText(signal)}`);
    }
    this.size = frame.size;
    this.#pool = new DecodePool(frame, workers);
    if (signal) {
      const stop = (): void => void this.#pool.close(signal.reason);
      // A signal aborted earlier fires no more events.
      if (signal.aborted) stop();
      else signal.addEventListener('abort', stop, { once: true });
    }
    this.#cacheBytes = cacheBytes;
    this.#aheadLimit = ahead;
  }

  /** One image, ImageNet-normalised, [3, size, size]; a new array each time. */
  async load(path: string, ...extra: never[]): Promise<Float32Array> {
    refuseExtra('load', extra);
    return normalize(await this.pixels(path));
  }

  /** Images in the order given, [paths.length, 3, size, size]. Rejects with the first failure. */
  async loadBatch(paths: readonly string[], ...extra: never[]): Promise<Float32Array> {
    refuseExtra('loadBatch', extra);
    const images = await Promise.all(paths.map((path) => this.pixels(path)));
    const length = 3 * this.size * this.size;
    const batch = new Float32Array(length * images.length);
    for (const [i, pixels] of images.entries()) normalize(pixels, batch, i * length);
    return batch;
  }

  /** Tiles in the order given, [tiles.length, 3, grid.tile, grid.tile]; of an image of `size`. Rejects with the first failure. */
  async loadTiles(tiles: readonly TileOf[], grid: TileGrid, ...extra: never[]): Promise<Float32Array> {
    refuseExtra('loadTiles', extra);
    const images = await Promise.all(tiles.map(({ path }) => this.pixels(path)));
    const length = 3 * grid.tile ** 2;
    const batch = new Float32Array(length * tiles.length);
    for (const [i, { tile }] of tiles.entries()) {
      normalize(cutTile(images[i]!, grid, tile), batch, i * length);
    }
    return batch;
  }

  /** One image's RGB planes in 8 bits, [3, size, size]. Shared with the cache: read only. */
  async pixels(path: string, ...extra: never[]): Promise<Uint8Array> {
    refuseExtra('pixels', extra);
    const cached = this.#cache.get(path);
    if (cached) {
      this.#cache.delete(path);
      this.#cache.set(path, cached);
      return Promise.resolve(cached);
    }
    const known = this.#pending.get(path) ?? this.#takeAhead(path);
    const job = known ?? this.#pool.decode(path, false);
    if (!this.#pending.has(path)) {
      this.#pending.set(path, job);
      const forget = (): boolean => this.#pending.delete(path);
      job.then((pixels) => {
        forget();
        this.#keep(path, pixels);
      }, forget);
    }
    return job;
  }

  /**
   * Training samples of DRAEM from the images given, numbered from `first` on: the same for the same seed and numbers.
   * `textures`: images that anomalies are made of; none: procedural ones. `images`, `clean` normalised, [N, 3, S, S]; `mask`
   * [N, 1, S, S], 1 where `images` has something that `clean` has not. S: the side of the images, or of their tiles, a
   * multiple of 32.
   */
  async loadAnomalies(
    paths: readonly string[],
    options: AnomalyOptions,
    ...extra: never[]
  ): Promise<{ images: Float32Array; clean: Float32Array; mask: Float32Array }> {
    refuseExtra('loadAnomalies', extra);
    requireOptions('loadAnomalies', options, ANOMALY_OPTIONS);
    const { seed, first, textures, tiles } = options;
    const side = tiles?.grid.tile ?? this.size;
    const cut = (pixels: Uint8Array, i: number): Uint8Array =>
      tiles ? cutTile(pixels, tiles.grid, tiles.which[i]!) : pixels;
    const samples = await Promise.all(
      paths.map(async (path, i) => {
        const number = first + i;
        const plan = planAnomaly(seed, number, textures.length);
        const [pixels, texture] = await Promise.all([
          this.pixels(path),
          plan.texture === null ? undefined : this.pixels(textures[plan.texture]!),
        ]);
        const { anomalous } = plan;
        return this.#pool.drawAnomaly({
          ...{ seed, number, anomalous, path, side },
          pixels: cut(pixels, i),
          texture: texture && cut(texture, i),
        });
      }),
    );
    const plane = side * side;
    const images = new Float32Array(3 * plane * paths.length);
    const clean = new Float32Array(images.length);
    const mask = new Float32Array(plane * paths.length);
    for (const [i, sample] of samples.entries()) {
      normalize(sample.image, images, 3 * plane * i);
      normalize(sample.clean, clean, 3 * plane * i);
      mask.set(sample.mask, plane * i);
    }
    return { images, clean, mask };
  }

  /** Begin to read images that will be asked for soon. What exceeds the bound is passed over. */
  prefetch(paths: readonly string[], ...extra: never[]): void {
    refuseExtra('prefetch', extra);
    for (const path of paths) {
      if (this.#ahead.size >= this.#aheadLimit) return;
      if (this.#cache.has(path) || this.#pending.has(path) || this.#ahead.has(path)) continue;
      const job = this.#pool.decode(path, true);
      // A failure is thrown when the image is asked for, which may never happen.
      job.catch(() => undefined);
      this.#ahead.set(path, job);
    }
  }

  /** Stop the threads and let go of all images; loads under way are rejected. */
  async close(...extra: never[]): Promise<void> {
    refuseExtra('close', extra);
    this.#cache.clear();
    this.#ahead.clear();
    this.#cachedBytes = 0;
    await this.#pool.close();
  }

  #takeAhead(path: string): Promise<Uint8Array> | undefined {
    const job = this.#ahead.get(path);
    if (!job) return undefined;
    this.#ahead.delete(path);
    this.#pool.hurry(path);
    return job;
  }

  #keep(path: string, pixels: Uint8Array): void {
    if (pixels.length > this.#cacheBytes || this.#cache.has(path)) return;
    for (const [oldest, bytes] of this.#cache) {
      if (this.#cachedBytes + pixels.length <= this.#cacheBytes) break;
      this.#cache.delete(oldest);
      this.#cachedBytes -= bytes.length;
    }
    this.#cache.set(path, pixels);
    this.#cachedBytes += pixels.length;
  }
}
