import { percent } from '../formats/percent.ts';
import { type Alignment, calibrates } from '../methods/alignments/index.ts';
import { precisionRecallCurve, rocCurve } from '../metrics/index.ts';
import { imagesText } from '../run/scoredAs.ts';
import type { StoredThreshold } from '../score/storedThreshold.ts';
import type { Results } from '../score/testRun.ts';
import { curveFigure } from './curveFigure.ts';
import { distributionFigure, distributionPanels } from './distributionFigure.ts';
import { html, Markup } from './markup.ts';
import type { ScoreRow } from './scoreRows.ts';
import { STYLE } from './style.ts';
import { classTableRows, reasonLines, type TableRow, tableRows } from './table.ts';
import { compareThresholds } from './thresholdTable.ts';
import { predictedBesideMean, unfamiliarSection } from './unfamiliar.ts';

export interface PageSource {
  readonly title: string;
  readonly results: Results;
  readonly rows: readonly ScoreRow[];
  /** The alignment in the `calibrated` column; `none` without one. */
  readonly aligned: Alignment;
  readonly threshold: StoredThreshold | null;
  /** Finished figures: the grid of examples, false alarms, misses. */
  readonly galleries: readonly Markup[];
}

/** The whole report as one file without scripts or anything to load. */
export function page(source: PageSource): string {
  const { title, results, rows, aligned, galleries } = source;
  const thresholds = compareThresholds(rows, source.threshold, aligned);
  const { config } = results;
  const labels = rows.map((row) => row.anomalous);
  const panels = distributionPanels(aligned);
  const curves = (of: typeof rocCurve): { name: string; points: readonly (readonly [number, number])[] }[] =>
    panels.map(({ name, scoreOf }) => ({ name, points: of(rows.map(scoreOf), labels) }));
  const anomalous = labels.filter(Boolean).length;
  const facts: [string, string][] = [
    ['data', config.data],
    ['test images', `${rows.length - anomalous} normal, ${anomalous} anomalous`],
    ['method', `${config.method}, encoder ${config.encoder}, ${imagesText(config)}`],
    [
      'training',
      `${config.iterations} steps of ${config.batch}, then ${config.alignIterations} of the alignment`,
    ],
    ...(config.coreset
      ? [['memory', `${config.memoryRows} patches, a ${config.coreset} coreset`] as [string, string]]
      : []),
    ...latencyFact(results),
    ...(config.contaminate
      ? [
          ['noisy training', `${config.contaminate.images.length} anomalous images mixed in`] as [
            string,
            string,
          ],
        ]
      : []),
    ...(results.maskRule ? [['masks', results.maskRule] as [string, string]] : []),
    [
      'adapter',
      results.precision === 'f16'
        ? `${results.adapter}, weights and activations stored as f16`
        : results.adapter,
    ],
    ['seed', String(config.seed)],
    ['version', results.version],
  ];
  const separated =
    'class-separated' in results.protocols
      ? '; and a model of its own, trained on nothing else, for each class (class-separated)'
      : '';
  return shell(
    title,
    html`<p class="lead">One model for all classes, trained on mixed and unlabelled normal images, judged at one threshold for all
(absolute-unified) and, for comparison, at a threshold of its own for each class (model-unified)${separated}.</p>
<h2>Metrics</h2>
${numbers(tableRows(results))}
${oneSided(labels)}${[...reasonLines(results), ...(results.notes ?? [])].map((line) => html`<p class="lead">${line}</p>`)}
<h2>Scores of test images by class</h2>
${distributionKey(panels.some(({ name }) => name === source.threshold?.alignment))}
<div class="pair">${panels.map((panel) =>
      distributionFigure({
        ...panel,
        rows,
        threshold: source.threshold?.alignment === panel.name ? source.threshold.value : undefined,
      }),
    )}</div>
<h2>One threshold for all: curves</h2>
<div class="curves">${curveFigure('ROC', 'false alarms', 'found', curves(rocCurve))}${curveFigure('Precision and recall', 'recall', 'precision', curves(precisionRecallCurve))}</div>
<h2>One threshold for all, or one for each class</h2>
<p class="lead">${thresholds.lead}</p>
${numbers(thresholds.rows)}
${unfamiliarSection(rows, predictedBesideMean(config.align)) ?? ''}
<h2>Images and maps</h2>
<p class="lead">Colours have one scale per row for the whole data set: blue is the average over test images of the map's
mean, red the average of its maximum. Numbers are scores${calibrates(aligned) ? ` after ${aligned}` : ''}.</p>
${galleries}
<h2>By class</h2>
${numbers(classTableRows(results))}
<h2>Run</h2>
<dl>${facts.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
<details><summary>Configuration</summary><pre>${JSON.stringify(config, null, 2)}</pre></details>
`,
  );
}

/** Legend of `distributionFigure`. */
export const distributionKey = (hasThreshold = false): Markup =>
  html`<p class="lead key"><span><i style="background:var(--normal)"></i>normal</span><span><i style="background:var(--anomalous)"></i>anomalous</span>
${hasThreshold ? "Solid: the run's own threshold, from wgad threshold. " : ''}Dashed: the threshold with the highest F1 over all classes
together. It takes the labels of these very images: a yardstick, no choice.</p>`;

/** What a test set with only normal or only anomalous images cannot show. */
function oneSided(labels: readonly boolean[]): Markup {
  const missing = !labels.includes(true) ? 'anomalous' : !labels.includes(false) ? 'normal' : null;
  if (missing === null) return html``;
  return html`<p class="lead">The test set has no ${missing} image: AUROC, AP, best F1 and the curves cannot be computed.
The scores, ${missing === 'anomalous' ? 'false alarms' : 'misses'} at the run's own threshold and the maps can be shown.</p>`;
}

/** A whole page that loads nothing and runs nothing. */
export const shell = (title: string, body: Markup): string =>
  html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"/><meta name="viewport" content="width=device-width"/>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'"/>
<title>${title}</title><style>${new Markup(STYLE)}</style></head><body>
<h1>${title}</h1>
${body}</body></html>
`.text;

const numbers = ([head, ...body]: TableRow[]): Markup =>
  html`<div class="scroll"><table class="numbers"><thead><tr>${head!.map(
    (cell) => html`<th scope="col">${cell}</th>`,
  )}</tr></thead><tbody>${body.map(
    (
      row,
    ) => html`<tr>${row.map((cell, i) => (i === 0 ? html`<th scope="row">${cell}</th>` : html`<td>${cell}</td>`))}</tr>
`,
  )}</tbody></table></div>`;

/** Absent in results of early versions. */
function latencyFact({ latency }: Partial<Pick<Results, 'latency'>>): [string, string][] {
  if (!latency) return [];
  const { msPerImage, batch, alignShare } = latency;
  const share = `${percent(alignShare)} % of it for the alignment`;
  return [['latency', `${msPerImage.toFixed(1)} ms per image in batches of ${batch}, ${share}`]];
}
