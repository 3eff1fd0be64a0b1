import { join, parse, relative, sep } from 'node:path';
import type { DatasetProblem } from '../findings.ts';
import { foldersIn, hasImages, imagesIn } from '../listImages.ts';
import type { DataLayout, DataPlace, Sample, Scan } from './layout.ts';
import { scanOf, withoutMask } from './listed.ts';
import { skippedTo } from './skipped.ts';

const CLASS = 'magnetic_tile';
const NORMAL = 'MT_Free';
const KIND = /^MT_(.+)$/;

/**
 * Magnetic tile surface defects (Huang and others): a folder for each kind, photographs as `.jpg`, the mask of each beside
 * it as `.png`. It has no split for anomaly detection.
 */
export const magneticTile: DataLayout = {
  sign: { inSet: '`MT_Free/Imgs` (magnetic tile defects)' },
  addTest: 'put photographs of four tiles or more into MT_Free/Imgs',
  masks: { at: /^(.*\/MT_[^/]*\/Imgs)\/[^/]*\.png$/i, beside: /\.jpe?g$/i },
  row: {
    sets: 'magnetic tile surface defects',
    train: '`MT_Free/Imgs/*.jpg` of three tiles in four; class `magnetic_tile`',
    test: '`MT_Free/Imgs/*.jpg` of every fourth tile; `MT_<defect>/Imgs/*.jpg`',
    masks: '`MT_<defect>/Imgs/*.png`',
  },
  detect: ({ root }) => hasImages(join(root, NORMAL, 'Imgs')),
  scan: scanTiles,
};

async function scanTiles({ root }: DataPlace): Promise<Scan> {
  const oddities: DatasetProblem[] = [];
  const skip = skippedTo(root, oddities);
  const train: Sample[] = [];
  const test: Sample[] = [];
  for (const kind of await foldersIn(root, skip)) {
    const folder = join(root, kind, 'Imgs');
    const name = KIND.exec(kind)?.[1]?.toLowerCase();
    const images = name === undefined ? [] : await imagesIn(folder);
    if (name === undefined || images.length === 0) {
      skip(join(root, kind), 'folder');
      continue;
    }
    const pairs = pairsOf(images);
    for (const mask of pairs.spare) {
      const id = idOf(root, join(folder, mask));
      const message = `${id} is the mask of no image`;
      oddities.push({ kind: 'spare-mask', path: join(folder, mask), item: id, message });
    }
    const tested = kind === NORMAL ? fourthTiles(pairs.photographs.keys()) : null;
    for (const [image, mask] of pairs.photographs) {
      const path = join(folder, image);
      const anomalous = tested === null;
      const sample: Sample = {
        path,
        id: idOf(root, path),
        className: CLASS,
        defect: anomalous ? name : 'good',
        anomalous,
        maskPath: anomalous && mask !== undefined ? join(folder, mask) : null,
      };
      if (anomalous && mask === undefined) oddities.push(withoutMask(sample, 'no mask'));
      (tested === null || tested.has(image) ? test : train).push(sample);
    }
  }
  return scanOf({
    root,
    table: NORMAL,
    classes: [CLASS],
    train,
    test,
    problems: [],
    oddities,
    notes: [
      'the magnetic tiles have no split for anomaly detection: photographs of every fourth tile of MT_Free are tested, the others trained on; all with defects are tested',
    ],
  });
}

const idOf = (root: string, path: string): string => relative(root, path).split(sep).join('/');

/** Photographs with their masks, of the same name but for its extension, and masks of none. */
function pairsOf(images: readonly string[]): {
  photographs: ReadonlyMap<string, string | undefined>;
  spare: readonly string[];
} {
  const isMask = (name: string): boolean => parse(name).ext.toLowerCase() === '.png';
  const stem = (name: string): string => parse(name).name.toLowerCase();
  const photographs = images.filter((name) => !isMask(name));
  const masks = new Map(images.filter(isMask).map((name) => [stem(name), name]));
  const pairs = new Map(photographs.map((name) => [name, masks.get(stem(name))]));
  const used = new Set(pairs.values());
  return { photographs: pairs, spare: [...masks.values()].filter((name) => !used.has(name)) };
}

/** Frames of a film of the tiles in which no other tile appears so soon. */
const GAP = 100;

/**
 * Each tile was photographed at up to six exposures, one soon after the other: `exp2_num_1836.jpg` is frame 1836 at the
 * second. A tile ends where the exposure falls back and many frames are left out. All photographs of a tile fall on one
 * side: a tile that was trained on would be no new one in the test. Files of other names are a tile each.
 */
function fourthTiles(names: Iterable<string>): ReadonlySet<string> {
  const frames = [...names]
    .map((name) => {
      const [, exposure, frame] = /exp(\d+)_num_(\d+)/i.exec(name) ?? [];
      return { name, exposure: Number(exposure ?? 0), frame: Number(frame ?? Number.POSITIVE_INFINITY) };
    })
    .sort((a, b) => (a.frame === b.frame ? 0 : a.frame - b.frame));
  const tested = new Set<string>();
  let tile = 0;
  for (const [i, { name, exposure, frame }] of frames.entries()) {
    const last = frames[i - 1];
    const goesOn = last && (frame - last.frame <= GAP || exposure > last.exposure);
    if (!goesOn) tile += 1;
    if (tile % 4 === 0) tested.add(name);
  }
  return tested;
}
