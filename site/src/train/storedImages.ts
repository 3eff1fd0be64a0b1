import { fitImage } from '../../../src/data/fit.ts';
import { type Frame, frameOf } from '../../../src/data/frame.ts';
import { normalize } from '../../../src/data/normalize.ts';
import { cutTile } from '../../../src/data/tiles.ts';
import { ConfigError, FileError, ImageError } from '../../../src/errors.ts';
import { contentChecksum, namedChecksum } from '../../../src/run/contentChecksum.ts';
import type { TrainingLoader } from '../../../src/train/trainingTiles.ts';
import type { Refused } from '../files/chosenFile.ts';
import { decodePicture } from '../files/decode.ts';
import { type Folder, fileIn, writeIn } from '../files/storage.ts';
import { failureOf } from '../remote.ts';
import type { TrainingImage, TrainingImages } from './chosenImages.ts';
import { OWN_FILES } from './trainings.ts';

/** Images decoded at once. */
const AT_ONCE = 4;

export interface ReadImages {
  /** Those that could be read. */
  readonly images: readonly TrainingImage[];
  readonly refused: readonly Refused[];
  /** As `dataSha256` of a run's configuration. */
  readonly sha256: string;
}

/**
 * Decodes and resizes all images, as Node does, into one file in the browser's storage: a training that goes on later needs
 * nothing else. @param signal once aborted, its reason is thrown.
 */
export async function storeImages(
  folder: Folder,
  { images, classes }: TrainingImages,
  frame: Frame,
  device: GPUDevice,
  { signal, onImage }: { signal: AbortSignal; onImage: (done: number, of: number) => void },
): Promise<ReadImages> {
  const whole = frameOf(frame);
  const read: TrainingImage[] = [];
  const refused: Refused[] = [];
  const contents: { name: string; content: string }[] = [];
  await writeIn(folder, OWN_FILES.images, async (write) => {
    for (let first = 0; first < images.length; first += AT_ONCE) {
      signal.throwIfAborted();
      const some = images.slice(first, first + AT_ONCE);
      const each = await Promise.allSettled(
        some.map(async ({ id, file, className }) => {
          const pixels = await decodePicture(file, id, device);
          const content = await contentChecksum({
            size: file.size,
            read: async (start, length) =>
              new Uint8Array(await file.slice(start, start + length).arrayBuffer()),
          });
          return {
            planes: fitImage(pixels, whole),
            content: { name: `${classes.indexOf(className)} ${id}`, content },
          };
        }),
      );
      for (const [i, one] of each.entries()) {
        const image = some[i]!;
        if (one.status === 'rejected') {
          if (!(one.reason instanceof ImageError)) throw one.reason;
          refused.push({ path: image.id, error: failureOf(one.reason) });
          continue;
        }
        read.push(image);
        contents.push(one.value.content);
        await write(one.value.planes);
      }
      onImage(Math.min(first + AT_ONCE, images.length), images.length);
    }
  });
  return { images: read, refused, sha256: await namedChecksum(contents) };
}

/** Bytes of images that are kept in memory. */
const CACHE_BYTES = 2 ** 30;

/** Loads the images that `storeImages` stored. @param ids of all of them, in their order. */
export async function storedLoader(
  folder: Folder,
  ids: readonly string[],
  { size }: Frame,
): Promise<TrainingLoader> {
  const bytes = 3 * size ** 2;
  const file = await fileIn(folder, OWN_FILES.images);
  if (file?.size !== ids.length * bytes) {
    throw new FileError(`${OWN_FILES.images}: does not hold this training's ${ids.length} images`, {
      fix: 'the storage of the browser was changed: remove this training, and begin it anew',
    });
  }
  const places = new Map(ids.map((id, i) => [id, i * bytes]));
  const cache = new Map<string, Uint8Array>();
  const planesOf = async (id: string): Promise<Uint8Array> => {
    const known = cache.get(id);
    if (known) return known;
    const at = places.get(id)!;
    const planes = new Uint8Array(await file.slice(at, at + bytes).arrayBuffer());
    if ((cache.size + 1) * bytes <= CACHE_BYTES) cache.set(id, planes);
    return planes;
  };
  return {
    async loadTiles(tiles, grid) {
      const images = await Promise.all(tiles.map(({ path }) => planesOf(path)));
      const length = 3 * grid.tile ** 2;
      const batch = new Float32Array(length * tiles.length);
      for (const [i, { tile }] of tiles.entries())
        normalize(cutTile(images[i]!, grid, tile), batch, i * length);
      return batch;
    },
    async loadAnomalies() {
      throw new ConfigError('methods that learn from drawn anomalies are not trained on this page', {
        fix: 'use wgad train',
      });
    },
    async close() {
      cache.clear();
    },
  };
}
