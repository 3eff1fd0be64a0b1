import { scaleLinear } from 'd3-scale';
import { area } from 'd3-shape';
import { percent } from '../formats/percent.ts';
import { ALIGNMENT_RECORDS, type Alignment, calibrates, UNALIGNED } from '../methods/alignments/index.ts';
import { f1Max } from '../metrics/index.ts';
import { density } from './density.ts';
import { html, type Markup } from './markup.ts';
import type { ScoreRow } from './scoreRows.ts';

const WIDTH = 700;
const HEIGHT = 344;
/** Room on the right for a line's label, beside the points. */
const MARGIN = { top: 14, right: 108, bottom: 88, left: 70 };
const DOTS = 60;
/** Heading of all classes together; a class may be called `all`. */
export const ALL = 'all classes';

export interface DistributionOptions {
  readonly title: string;
  readonly rows: readonly ScoreRow[];
  readonly scoreOf: (row: ScoreRow) => number;
  /** Meaning of 1 in calibrated scores, which gets a fixed mark like 0; null for raw scores. */
  readonly unit: string | null;
  /** The run's own threshold of these scores, if it has one. */
  readonly threshold?: number | undefined;
}

/** The figure's two panels; the first alone where there is no alignment. */
export const distributionPanels = (aligned: Alignment) =>
  [
    { name: UNALIGNED, title: '(a) without alignment', scoreOf: (row: ScoreRow) => row.raw, unit: null },
    {
      name: aligned,
      title: `(b) with ${aligned}`,
      scoreOf: (row: ScoreRow) => row.calibrated,
      unit: ALIGNMENT_RECORDS[aligned].unit,
    },
  ].slice(0, calibrates(aligned) ? 2 : 1);

/**
 * The paper's Figure 5: per class and for all together, half-violins with dots of the image scores of normals
 * (left) and anomalies (right), and one line for all with the normal images that it flags: the run's own threshold, or,
 * if it has no threshold, the one with the highest F1 of the pooled scores, which uses the test's labels.
 */
export function distributionFigure(options: DistributionOptions): Markup {
  const { title, rows, scoreOf, unit, threshold } = options;
  if (rows.length === 0) return html`<figure><figcaption>${title}</figcaption><p>no test images</p></figure>`;
  const classes = [...new Set(rows.map((row) => row.className))];
  const columns = [...classes, ALL];
  const scores = rows.map(scoreOf);
  const marks = [...(unit === null ? [] : [0, 1]), ...(threshold === undefined ? [] : [threshold])];
  const low = lowest([...scores, ...marks]);
  const high = highest([...scores, ...marks]);
  const y = scaleLinear([low, high], [HEIGHT - MARGIN.bottom, MARGIN.top]).nice();
  const width = (WIDTH - MARGIN.left - MARGIN.right) / columns.length;
  const middle = (column: number): number => MARGIN.left + (column + 0.5) * width;
  const ticks = y.ticks(6).map(
    (
      tick,
    ) => html`<line class="grid" x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${y(tick)}" y2="${y(tick)}"/>
<text class="tick" x="${MARGIN.left - 6}" y="${y(tick) + 4}" text-anchor="end">${tick}</text>`,
  );
  const halves = columns.flatMap((name, column) =>
    [false, true].map((anomalous) => {
      const values = rows
        .filter((row) => row.anomalous === anomalous && (column === classes.length || row.className === name))
        .map(scoreOf);
      return half(values, anomalous, middle(column), width * 0.44, y);
    }),
  );
  const labels = columns.map(
    (name, column) =>
      html`<text class="tick" transform="translate(${middle(column)} ${HEIGHT - MARGIN.bottom + 14}) rotate(-35)" text-anchor="end">${shortened(name)}<title>${name}</title></text>`,
  );
  const shared = sharedLine(rows, scoreOf, threshold);
  const line =
    shared === null
      ? html``
      : html`<line class="${shared.kind}" x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${y(shared.at)}" y2="${y(shared.at)}"/>
${shared.text.map((text, i) => html`<text class="tick" x="${WIDTH - MARGIN.right + 6}" y="${y(shared.at) + 4 + 13 * (i - (shared.text.length - 1) / 2)}">${text}</text>`)}`;
  const one =
    unit === null
      ? []
      : [
          html`<line class="mark" x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${y(1)}" y2="${y(1)}"><title>1 = ${unit}</title></line>`,
        ];
  return html`<figure><figcaption>${title}</figcaption>
<div class="scroll"><svg class="wide" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}">${ticks}
<rect class="pooled" x="${middle(classes.length) - width / 2}" y="${MARGIN.top}" width="${width}" height="${HEIGHT - MARGIN.top - MARGIN.bottom}"/>
${halves}${one}${line}${labels}</svg></div></figure>`;
}

interface SharedLine {
  readonly kind: 'own' | 'best';
  readonly at: number;
  readonly text: readonly string[];
}

/** The one threshold that is drawn; null if the run has no threshold and the test has normal or anomalous images only. */
function sharedLine(
  rows: readonly ScoreRow[],
  scoreOf: (row: ScoreRow) => number,
  threshold: number | undefined,
): SharedLine | null {
  const normal = rows.filter((row) => !row.anomalous);
  const flagged = (at: number): string[] => {
    if (normal.length === 0) return [];
    const share = normal.filter((row) => scoreOf(row) >= at).length / normal.length;
    return [`flags ${percent(share)} %`, 'of normal'];
  };
  if (threshold !== undefined)
    return { kind: 'own', at: threshold, text: ['threshold', ...flagged(threshold)] };
  const best = f1Max(
    rows.map(scoreOf),
    rows.map((row) => row.anomalous),
  );
  if (best.value === null) return null;
  const { value, threshold: at } = best;
  return { kind: 'best', at, text: [`best F1 ${value.toFixed(3)}`, ...flagged(at)] };
}

function half(
  values: readonly number[],
  anomalous: boolean,
  x: number,
  width: number,
  y: ReturnType<typeof scaleLinear<number, number>>,
): Markup {
  if (values.length === 0) return html``;
  const [low, high] = [lowest(values), highest(values)];
  const sign = anomalous ? 1 : -1;
  // Equal values have no spread to draw.
  const body = low < high ? html`<path d="${violin(values, [low, high], x, sign * width, y)}"/>` : html``;
  const step = Math.max(1, Math.ceil(values.length / DOTS));
  const dots = values
    .filter((_, i) => i % step === 0)
    // A fixed low-discrepancy jitter: the page is the same every time.
    .map(
      (value, i) =>
        html`<circle cx="${x + sign * (0.15 + 0.7 * ((i * 0.618034) % 1)) * width}" cy="${y(value)}" r="1.4"/>`,
    );
  return html`<g class="${anomalous ? 'anomalous' : 'normal'}">${body}${dots}</g>
`;
}

/** Half of a violin's outline, up to `width` beside `x`. */
function violin(
  values: readonly number[],
  [low, high]: readonly [number, number],
  x: number,
  width: number,
  y: ReturnType<typeof scaleLinear<number, number>>,
): string {
  const heights = density(values, low, high, 40);
  const tallest = Math.max(...heights);
  const points = heights.map((value, i) => [low + ((high - low) * i) / 39, value / tallest] as const);
  return area<readonly [number, number]>()
    .x0(x)
    .x1(([, share]) => x + share * width)
    .y(([at]) => y(at))(points)!;
}

/** Shortened to fit below the axis; keeps the end, where names often differ. */
const shortened = (name: string): string =>
  name.length > 14 ? `${name.slice(0, 5)}…${name.slice(-7)}` : name;

/** A loop, because `Math.min(...values)` has a limit on arguments. */
const lowest = (values: readonly number[]): number => values.reduce((a, b) => Math.min(a, b));
const highest = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b));
