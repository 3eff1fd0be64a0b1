import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { writeMaps } from '../../src/report/maps.ts';

it.each([
  ['a long name', 'n'.repeat(250)],
  ['a long name of wide characters', '\u{1f529}'.repeat(62)],
])('maps of an image with %s get as much of it as fits', async (_, stem) => {
  const root = await mkdtemp(join(tmpdir(), 'wgad-maps-'));
  const path = join(root, `${stem}.png`);
  const grey = { width: 64, height: 64, channels: 3, background: 'grey' } as const;
  await sharp({ create: grey }).png().toFile(path);
  const files = await writeMaps({
    folder: root,
    index: 7,
    path,
    map: new Float32Array(64 * 64),
    frame: { size: 64 },
    scale: { low: 0, high: 1 },
    raw: true,
  });
  expect(files.map((file) => file.slice(root.length + 1).replace(/^00007-(n|\u{1f529})+/u, '$1'))).toEqual(
    ['heat', 'overlay', 'map'].map((kind) => `${[...stem][0]}.${kind}.png`),
  );
  expect((await readdir(root)).length).toBe(4);
  await rm(root, { recursive: true });
});
