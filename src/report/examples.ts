import { type Dataset, loadPixels, type Sample, sampleMask } from '../data/index.ts';
import { frameIn } from '../run/config.ts';
import type { Scorer } from '../score/scorerOn.ts';
import type { Results } from '../score/testRun.ts';
import type { GalleryItem } from './gallery.ts';
import type { ScoreRow } from './scoreRows.ts';

/** Classes in the grid. */
const GRID_CLASSES = 24;

/** The examples of the grid: an anomalous and a normal image of each class, up to `GRID_CLASSES`, the middle ones of each. */
export function gridRows(rows: readonly ScoreRow[]): ScoreRow[] {
  const classes = [...new Set(rows.map((row) => row.className))].slice(0, GRID_CLASSES);
  const example = (className: string, anomalous: boolean): ScoreRow[] => {
    const own = rows.filter((row) => row.className === className && row.anomalous === anomalous);
    return own.slice(own.length >> 1).slice(0, 1);
  };
  return classes.flatMap((name) => [...example(name, true), ...example(name, false)]);
}

export function gridTitle(rows: readonly ScoreRow[]): string {
  const classes = new Set(rows.map((row) => row.className)).size;
  const of = classes > GRID_CLASSES ? `the first ${GRID_CLASSES} of ${classes} classes` : 'each class';
  return `An anomalous and a normal image of ${of}`;
}

/** Test images with their maps; rows whose image is not in the data set are left out. */
export async function galleryItems(
  scorer: Scorer,
  { config, maskRule }: Results,
  dataset: Dataset,
  rows: readonly ScoreRow[],
): Promise<GalleryItem[]> {
  const { size } = config;
  const { atOnce } = scorer;
  const frame = frameIn(config);
  const samples = new Map(dataset.test.map((sample) => [sample.id, sample]));
  const picked = rows.flatMap((row): { sample: Sample; score: number }[] => {
    const sample = samples.get(row.path);
    return sample ? [{ sample, score: row.calibrated }] : [];
  });
  const items: GalleryItem[] = [];
  for (let first = 0; first < picked.length; first += atOnce) {
    const some = picked.slice(first, first + atOnce);
    const images: Uint8Array[] = [];
    for (const { sample } of some) images.push(await loadPixels(sample.path, frame));
    const scored = await scorer.score(images, scorer.labelsOf(some.map(({ sample }) => sample.className)));
    for (const [i, { sample, score }] of some.entries()) {
      items.push({
        caption: `${sample.className}, ${sample.defect}: ${score.toPrecision(3)}`,
        path: sample.id,
        anomalous: sample.anomalous,
        size,
        pixels: images[i]!,
        mask: sample.anomalous ? (await sampleMask(sample, frame, maskRule)).mask : null,
        maps: scored[i]!.maps,
      });
    }
  }
  return items;
}
