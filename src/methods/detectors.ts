import { requireOneOf } from '../arguments.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../options.ts';
import { cfa } from './cfa.ts';
import type { Detector } from './detector.ts';
import { draem } from './draem.ts';
import { patchcore } from './patchcore.ts';
import { recontrast } from './recontrast.ts';
import { revdist } from './revdist.ts';
import { uniad } from './uniad.ts';

/** Names in `--method` and a run's configuration. */
export const DETECTOR_NAMES = ['revdist', 'recontrast', 'uniad', 'patchcore', 'cfa', 'draem'] as const;
export type DetectorName = (typeof DETECTOR_NAMES)[number];

/** The one place that knows methods by name. */
export const DETECTORS: Readonly<Record<DetectorName, Detector>> = {
  revdist,
  recontrast,
  uniad,
  patchcore,
  cfa,
  draem,
};

/** Which method, and which of its presets; absent: its own settings. */
export interface DetectorChoice {
  readonly method: DetectorName;
  readonly preset?: string;
}

const DETECTOR_CHOICE: OptionNames<DetectorChoice> = { method: true, preset: true };

/** A method as its preset has it. @throws ConfigError for an unknown method or preset. */
export function detectorOf(choice: DetectorChoice, ...extra: never[]): Detector {
  refuseExtra('detectorOf', extra);
  requireOptions('detectorOf', choice, DETECTOR_CHOICE);
  const { method, preset } = choice;
  const detector = detectorIn({ method });
  if (preset === undefined) return detector;
  requireOneOf('detectorOf', 'preset', preset, Object.keys(detector.presets ?? {}));
  return detectorIn(choice);
}

/**
 * The same for a run's configuration. An unknown preset gives the method's own settings here, because the
 * configuration's check reports it.
 */
export function detectorIn({ method, preset }: DetectorChoice): Detector {
  requireOneOf('detectorOf', 'method', method, DETECTOR_NAMES);
  const detector: Detector = DETECTORS[method];
  const { presets = {} } = detector;
  return preset !== undefined && Object.hasOwn(presets, preset) ? presets[preset]! : detector;
}
