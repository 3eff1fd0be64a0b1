import { percent, roundPercent } from '../formats/percent.ts';
import { type Alignment, calibrates } from '../methods/alignments/index.ts';
import { f1Max } from '../metrics/index.ts';
import type { StoredThreshold } from '../score/storedThreshold.ts';
import { ALL } from './distributionFigure.ts';
import type { ScoreRow } from './scoreRows.ts';
import type { TableRow } from './table.ts';

/** What one threshold for all classes costs against one for each, on the test images. */
export interface ThresholdComparison {
  /** Where the thresholds come from. */
  readonly lead: string;
  readonly rows: TableRow[];
}

/**
 * From the run's stored threshold and, beside it, one for each class from the same normal images. Without a stored one,
 * the best of the test images themselves (highest F1) stand in, and the text says so.
 * @param aligned whose scores the rows' `calibrated` are.
 */
export function compareThresholds(
  rows: readonly ScoreRow[],
  stored: StoredThreshold | null,
  aligned: Alignment,
): ThresholdComparison {
  const alignment = stored?.alignment ?? aligned;
  const scored = rows.map(({ className, anomalous, raw, calibrated }) => ({
    className,
    anomalous,
    score: calibrates(alignment) ? calibrated : raw,
  }));
  const best = (of: readonly Scored[]): number | null =>
    thresholdOf(
      f1Max(
        of.map(({ score }) => score),
        of.map(({ anomalous }) => anomalous),
      ),
    );
  const shared = stored ? stored.value : best(scored);
  const names = [...new Set(scored.map(({ className }) => className))];
  const each = names.map((name) => {
    const own = scored.filter(({ className }) => className === name);
    const threshold = stored
      ? Object.hasOwn(stored.classes, name)
        ? stored.classes[name]!.value
        : null
      : best(own);
    return { name, images: own, own: threshold };
  });
  const lines = each.map(({ name, images, own }) =>
    lineOf(name, images, mistakes(images, shared), own, mistakes(images, own)),
  );
  const all = each.every(({ own }) => own !== null)
    ? sum(each.map(({ images, own }) => mistakes(images, own)!))
    : null;
  return {
    lead: stored ? storedLead(stored) : bestLead(alignment, scored, mistakes(scored, shared)),
    rows: [HEADS, ...lines, lineOf(ALL, scored, mistakes(scored, shared), null, all)],
  };
}

interface Scored {
  readonly className: string;
  readonly anomalous: boolean;
  readonly score: number;
}

interface Mistakes {
  readonly alarms: number;
  readonly misses: number;
}

const HEADS = [
  'class',
  'normal / anomalous',
  'false alarms',
  'misses',
  'own threshold',
  'false alarms with it',
  'misses with it',
  'what it would change',
];

const thresholdOf = (best: ReturnType<typeof f1Max>): number | null =>
  best.value === null ? null : best.threshold;

function mistakes(images: readonly Scored[], threshold: number | null): Mistakes | null {
  if (threshold === null) return null;
  return {
    alarms: images.filter(({ anomalous, score }) => !anomalous && score >= threshold).length,
    misses: images.filter(({ anomalous, score }) => anomalous && score < threshold).length,
  };
}

const sum = (each: readonly Mistakes[]): Mistakes => ({
  alarms: each.reduce((total, { alarms }) => total + alarms, 0),
  misses: each.reduce((total, { misses }) => total + misses, 0),
});

function lineOf(
  name: string,
  images: readonly Scored[],
  shared: Mistakes | null,
  own: number | null,
  withOwn: Mistakes | null,
): TableRow {
  const anomalous = images.filter((image) => image.anomalous).length;
  const normal = images.length - anomalous;
  return [
    name,
    `${normal} / ${anomalous}`,
    of(shared?.alarms, normal),
    of(shared?.misses, anomalous),
    own === null ? '–' : own.toPrecision(4),
    of(withOwn?.alarms, normal),
    of(withOwn?.misses, anomalous),
    shared && withOwn ? changeOf(shared, withOwn) : '–',
  ];
}

const of = (count: number | undefined, total: number): string =>
  count === undefined ? '–' : total === 0 ? '0' : `${count} (${percent(count / total)} %)`;

function changeOf(shared: Mistakes, own: Mistakes): string {
  const signed = (difference: number, what: string): string[] =>
    difference === 0 ? [] : [`${difference > 0 ? '+' : '−'}${Math.abs(difference)} ${what}`];
  const parts = [
    ...signed(own.alarms - shared.alarms, 'false alarms'),
    ...signed(own.misses - shared.misses, 'misses'),
  ];
  return parts.length === 0 ? 'nothing' : parts.join(', ');
}

function storedLead({
  value,
  alignment,
  target,
  rate,
  images,
  source,
  interval,
  classes,
}: StoredThreshold): string {
  const counts = Object.values(classes).map((each) => each.images);
  const least = counts.reduce((fewest, images) => Math.min(fewest, images), Number.POSITIVE_INFINITY);
  const loose = Object.values(classes).some((each) => each.rate > rate);
  return [
    `One threshold for all classes, ${value.toPrecision(5)} of ${alignment} scores, found by wgad threshold from ${images} ${source} alone:`,
    `at most ${roundPercent(rate)} % of normal images like these are flagged (asked: ${roundPercent(target)} %).`,
    `Drawing as many images again moves it from ${interval.low.toPrecision(4)} to ${interval.high.toPrecision(4)} in ${roundPercent(interval.level)} % of cases.`,
    Object.keys(classes).length === 0
      ? 'Classes of those images are not known, so there is no threshold of each class to compare with.'
      : 'A threshold of its own for each class is found from the same images.',
    loose
      ? `Some classes have so few of them (${least}) that they cannot vouch for that rate; theirs is the lowest they can.`
      : '',
    source === 'training images'
      ? 'Training images score a little lower than new ones: expect more false alarms than that.'
      : '',
  ]
    .filter(Boolean)
    .join(' ');
}

function bestLead(alignment: string, scored: readonly Scored[], shared: Mistakes | null): string {
  const none = 'This run has no threshold yet (wgad threshold finds one from normal images).';
  if (!shared)
    return `${none} There is none to compare: the highest F1 takes normal and anomalous test images.`;
  const normal = scored.filter(({ anomalous }) => !anomalous).length;
  return `${none} For comparison only: the thresholds of ${alignment} scores with the highest F1, chosen on the test images themselves, one for all classes against one for each. The one for all flags ${shared.alarms} of ${normal} normal images (${roundPercent(shared.alarms / normal)} %).`;
}
