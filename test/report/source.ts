import { galleryFigure } from '../../src/report/gallery.ts';
import type { PageSource } from '../../src/report/page.ts';
import type { ScoreRow } from '../../src/report/scoreRows.ts';
import type { RunConfig } from '../../src/run/settings.ts';
import type { Metrics } from '../../src/score/tally.ts';

/** A name that would run, close its tag and leave its attribute if it were not escaped. */
export const hostile = `"><script>alert(1)</script><img src=x onerror=alert(1)>'&`;

const row = (
  className: string,
  i: number,
  anomalous: boolean,
  score: number,
  unfamiliar = false,
): ScoreRow => ({
  path: `${className}/test/${anomalous ? 'bent' : 'good'}/${i}.png`,
  className,
  anomalous,
  raw: score / 10,
  calibrated: score,
  unfamiliar,
});

/** Two classes of two normal and two anomalous images; one is unlike those trained on. */
export const SOURCE_ROWS: readonly ScoreRow[] = [
  row('plain', 0, false, 0.2),
  row('plain', 1, false, 0.5),
  row('plain', 0, true, 1.2),
  row('plain', 1, true, 2.5),
  row(hostile, 0, false, 1.1),
  row(hostile, 1, false, 1.6),
  row(hostile, 0, true, 3, true),
  row(hostile, 1, true, 4),
];

const metrics: Metrics = { iAuroc: 0.9, iAp: 0.8, pAuroc: 0.7, pAp: 0.6, reasons: { pAp: hostile } };
const perClass = { mean: metrics, classes: { plain: metrics, [hostile]: metrics } };

/** Everything a page can show, with hostile names in every place that names come from. */
export async function pageSource(): Promise<PageSource> {
  const config = {
    version: '0',
    method: 'revdist',
    encoder: 'resnet18',
    align: ['cada'],
    size: 64,
    batch: 4,
    iterations: 1,
    alignIterations: 1,
    seed: 0,
    data: `/data/${hostile}`,
    contaminate: { fraction: 0.1, images: [hostile] },
  } as unknown as RunConfig;
  const map = Float32Array.from({ length: 32 * 32 }, (_, i) => (i % 32) / 32);
  const items = SOURCE_ROWS.map(({ className, path, anomalous }, i) => ({
    caption: className,
    path,
    anomalous,
    size: 32,
    pixels: new Uint8Array(3 * 32 * 32).fill(30 * i),
    mask: anomalous ? Uint8Array.from(map, (value) => (value > 0.7 ? 1 : 0)) : null,
    maps: new Map([
      ['none', map],
      ['cada', map.map((value) => 2 * value)],
    ]),
  }));
  const scales = { none: { low: 0, high: 1 }, cada: { low: 0, high: 1 } };
  return {
    title: hostile,
    results: {
      version: '0',
      adapter: hostile,
      config,
      protocols: {
        'absolute-unified': { none: metrics, cada: metrics },
        'model-unified': { none: perClass, cada: perClass },
        'class-separated': { none: perClass, cada: perClass },
      },
      latency: { msPerImage: 12.3, batch: 4, alignShare: 0.02 },
      mapScale: scales,
      floored: {},
      notes: [hostile],
    },
    rows: SOURCE_ROWS,
    aligned: 'cada',
    threshold: {
      value: 1.5,
      alignment: 'cada',
      target: 0.01,
      rate: 0.01,
      images: 99,
      source: 'training images',
      list: '00',
      interval: { low: 1.2, high: 1.9, level: 0.95, resamples: 1000 },
      classes: {
        plain: { value: 0.9, rate: 0.02, images: 49 },
        [hostile]: { value: 1.8, rate: 0.02, images: 50 },
      },
    },
    galleries: [await galleryFigure('Figure', items, scales)],
  };
}
