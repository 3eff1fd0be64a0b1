import { relative, sep } from 'node:path';
import { openRegular } from '../formats/regularFile.ts';
import { textureFiles } from './anomalyImages.ts';
import { contentChecksum, namedChecksum } from './contentChecksum.ts';
import { datasetOf } from './dataset.ts';
import type { RunConfig } from './settings.ts';

/** Files that are open at once. */
const LANES = 32;

/**
 * SHA-256 of the images to train on and those of `textures`, by their names below these folders, their sizes and their
 * bytes (of a file above 192 KiB the first, middle and last 64 KiB): part of a run's configuration, so that a data set
 * may be moved and a change is noticed.
 * @param signal once aborted, its reason is thrown.
 */
export async function dataChecksum(
  { data, layout, textures }: Pick<RunConfig, 'data' | 'layout' | 'textures'>,
  signal?: AbortSignal,
): Promise<string> {
  const { train, classes } = await datasetOf({ data, layout });
  const files = [
    // A single class is named after its folder, whose name may change: leave it out.
    ...train.map(({ path, id, className }) => ({ path, name: `${classes.indexOf(className)} ${id}` })),
    ...(await textureFiles({ textures })).map((path) => ({
      path,
      name: `texture ${relative(textures!, path).split(sep).join('/')}`,
    })),
  ];
  const contents: string[] = [];
  for (let first = 0; first < files.length; first += LANES) {
    signal?.throwIfAborted();
    const some = files.slice(first, first + LANES);
    contents.push(...(await Promise.all(some.map(({ path }) => contentOf(path)))));
  }
  return namedChecksum(files.map(({ name }, i) => ({ name, content: contents[i]! })));
}

/** Unreadable files are reported when they are decoded. */
async function contentOf(path: string): Promise<string> {
  const file = await openRegular(path).catch(() => null);
  if (!file) return 'unreadable';
  try {
    const { size } = await file.stat();
    return await contentChecksum({
      size,
      async read(start, length) {
        const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, start);
        return buffer.subarray(0, bytesRead);
      },
    });
  } catch {
    return 'unreadable';
  } finally {
    await file.close().catch(() => {});
  }
}
