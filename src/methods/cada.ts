/** Class-agnostic distribution alignment: the statistics, the heads and the calibration; methods.md section 7. */

import { requireOneOf } from '../arguments.ts';
import { ConfigError } from '../errors.ts';
import { requireRank } from '../graph/operands.ts';
import { reshape, slice } from '../graph/ops/movement.ts';
import { abs, add, div, maximum, mul, scale, sub } from '../graph/ops/pointwise.ts';
import { max, mean } from '../graph/ops/reduce.ts';
import { input, type Value } from '../graph/value.ts';
import { alignHead, HEAD_OPTIONS, type HeadOptions } from '../models/regressor.ts';
import { AUTHOR_BLUR, type BlurOptions, gaussianBlur2d, SCIPY_BLUR } from '../nn/blur.ts';
import { crossEntropy } from '../nn/crossEntropy.ts';
import { declare, type Layers, within } from '../nn/layers.ts';
import { smoothL1Loss } from '../nn/losses.ts';
import type { OptimiserConfig } from '../nn/optimiser.ts';
import type { ParameterSpec } from '../nn/parameterSpec.ts';
import { topFractionMean } from '../nn/topFraction.ts';
import { std } from '../nn/variance.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../options.ts';
import { type CalibrationOrder, SMOOTHINGS, type Smoothing, type Traced } from './detector.ts';

/** Standard deviations above the mean that stand for the maximum in `cada-std`. */
export const SIGMAS = 3;

/** Statistics of each map [N, 1, H, W], as [N]: mean, maximum, and mean + 3 (unbiased) standard deviations. */
export function mapStatistics(map: Value, ...extra: never[]): { u: Value; gamma: Value; upper: Value } {
  refuseExtra('mapStatistics', extra);
  const over = { axes: [1, 2, 3] };
  const u = mean(map, over);
  return { u, gamma: max(map, over), upper: add(u, scale(std(map, over), SIGMAS)) };
}

/** A head's tensors, `name.*`. */
export const headSpecs = (
  name: string,
  feature: readonly number[],
  outputs: number,
  options: HeadOptions = {},
  ...extra: never[]
): ParameterSpec[] => {
  refuseExtra('headSpecs', extra);
  return declare((layers) => head(layers, name, input('feature', [1, ...feature]), outputs, options));
};

/** Bottleneck feature [N, C, h, w] -> [N, outputs]. */
export const head = (
  layers: Layers,
  name: string,
  feature: Value,
  outputs: number,
  options: HeadOptions = {},
  ...extra: never[]
): Value => {
  refuseExtra('head', extra);
  requireOptions('head', options, HEAD_OPTIONS);
  return within(layers, name, (inner) => alignHead(inner, feature, { ...options, outputs }));
};

/** Equation 3: both predictions against the image's own mean and maximum (or upper). predicted, targets [N, 2]. */
export function regressorLoss(predicted: Value, targets: Value, alpha: number, ...extra: never[]): Value {
  refuseExtra('regressorLoss', extra);
  const column = (x: Value, i: number): Value => slice(x, [null, { start: i, end: i + 1 }]);
  return add(
    smoothL1Loss(column(predicted, 0), column(targets, 0), alpha),
    smoothL1Loss(column(predicted, 1), column(targets, 1), alpha),
  );
}

/** Equation 2. */
export const classifierLoss = (logits: Value, labels: Value, ...extra: never[]): Value => {
  refuseExtra('classifierLoss', extra);
  return crossEntropy(logits, labels);
};

/** The denominator of equation 5 is at least this share of max(1, |u|). */
export const DENOMINATOR_FLOOR = 1e-6;

/**
 * Equation 5: (map - u) / (gamma - u), with u and gamma [N, 2]. Where gamma is predicted at or below u the floor is
 * used instead: nothing becomes infinite, and no ranking flips. `floorActs` counts such images.
 */
export function calibrate(map: Value, statistics: Value, ...extra: never[]): Value {
  refuseExtra('calibrate', extra);
  const { u, range } = levelAndRange(statistics, [map.shape[0]!, 1, 1, 1]);
  return div(sub(map, u), range);
}

/** Whether the floor of `calibrate` acts for these statistics. */
export const floorActs = (u: number, gamma: number, ...extra: never[]): boolean => {
  refuseExtra('floorActs', extra);
  return !(gamma - u > DENOMINATOR_FLOOR * Math.max(1, Math.abs(u)));
};

/** What the pixels of a calibrated map are divided by, once the image's score is taken from it. */
export const PIXEL_SCALES = ['own', 'shared'] as const;
export type PixelScale = (typeof PIXEL_SCALES)[number];

/**
 * A map (a - u) / (gamma - u) as (a - u) / r, r being the average of gamma - u over the rows of `table` [k, 2]: pixels of
 * images with a small range are not raised above all others. map [N, H, W], statistics [N, 2] -> [N, H, W]. Ours.
 */
export function onSharedScale(map: Value, statistics: Value, table: Value, ...extra: never[]): Value {
  refuseExtra('onSharedScale', extra);
  const own = levelAndRange(statistics, [map.shape[0]!, 1, 1]);
  const classes = levelAndRange(table, [table.shape[0]!, 1, 1]);
  return mul(map, div(own.range, mean(classes.range, { axes: [0], keepDims: true })));
}

/** u, and the denominator of equation 5, of statistics [N, 2], each in a shape of N elements. */
function levelAndRange(statistics: Value, shape: readonly number[]): { u: Value; range: Value } {
  const column = (i: number): Value => reshape(slice(statistics, [null, { start: i, end: i + 1 }]), shape);
  const [u, gamma] = [column(0), column(1)];
  const floor = scale(maximum(abs(u), 1), DENOMINATOR_FLOOR);
  return { u, range: maximum(sub(gamma, u), floor) };
}

/** A map with the pixel scores, and the image score. */
export interface Scored {
  /** [N, H, W]. */
  readonly map: Value;
  /** [N]. */
  readonly score: Value;
}

/** How a map becomes scores: its smoothing, and the share of it whose mean is the image's score. */
export interface ScoreRule {
  /** Smoothing of the map before its maximum or mean is taken. */
  readonly smoothing: Smoothing;
  /** Order of calibration and smoothing; absent: `before`. */
  readonly calibration?: CalibrationOrder;
  /** Null: the method's own score. */
  readonly scoreFraction: number | null;
}

const SCORE_RULE: OptionNames<ScoreRule> = { smoothing: true, calibration: true, scoreFraction: true };

/** Input of `scoreMap`: the un-smoothed map [N, 1, H, W], and the method's own score where it has one. */
type Mapped = Partial<Omit<Traced, 'map'>> & { readonly map: Value };

const MAPPED: OptionNames<Mapped> = { map: true, score: true, embedding: true, loss: true };

const BLURS: Readonly<Record<Smoothing, BlurOptions | null>> = {
  author: AUTHOR_BLUR,
  scipy: SCIPY_BLUR,
  none: null,
};

function smoothed(map: Value, smoothing: Smoothing): Value {
  requireOneOf('scoreMap', 'smoothing', smoothing, SMOOTHINGS);
  const blur = BLURS[smoothing];
  return blur ? gaussianBlur2d(map, blur) : map;
}

/** The map that is calibrated, from an un-smoothed one: heads and tables have its statistics. */
export const calibratedMap = (
  map: Value,
  rule: Pick<ScoreRule, 'smoothing' | 'calibration'>,
  ...extra: never[]
): Value => {
  refuseExtra('calibratedMap', extra);
  requireOptions('calibratedMap', rule, SCORE_RULE);
  const { smoothing, calibration } = rule;
  return calibration === 'after' ? smoothed(map, smoothing) : map;
};

/** Calibration, then smoothing, then the score (methods.md 4.5, steps 4 to 6); or smoothing first. */
export function scoreMap(
  parts: Mapped,
  statistics: Value | null,
  rule: ScoreRule,
  ...extra: never[]
): Scored {
  refuseExtra('scoreMap', extra);
  requireOptions('scoreMap: parts', parts, MAPPED);
  requireOptions('scoreMap', rule, SCORE_RULE);
  const { map, score } = parts;
  const { smoothing, calibration, scoreFraction } = rule;
  requireRank('scoreMap', 'map', map, 4);
  const [n, , h, w] = map.shape as [number, number, number, number];
  const calibrated = (x: Value): Value => (statistics ? calibrate(x, statistics) : x);
  const smooth =
    calibration === 'after' ? calibrated(smoothed(map, smoothing)) : smoothed(calibrated(map), smoothing);
  const flat = reshape(smooth, [n, h, w]);
  if (scoreFraction !== null) return { map: flat, score: topFractionMean(flat, scoreFraction) };
  if (!score) {
    throw new ConfigError(
      'scoreMap: scoreFraction expects a number, got null: this method has no score of its own',
    );
  }
  return { map: flat, score: score({ calibrate: calibrated, smoothed: smooth }) };
}

/** The paper's settings of the alignment's training, and the share of the map that scores an image. */
export const CADA_DEFAULTS = {
  batch: 16,
  optimiser: { kind: 'sgd', lr: 5e-2, momentum: 0.9, weightDecay: 1e-4 } as const satisfies OptimiserConfig,
  scoreFraction: 0.01,
} as const;
