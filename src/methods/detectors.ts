import { ConfigError } from '../errors.ts';
import { requireOneOf } from '../graph/arguments.ts';
import { cfa } from './cfa.ts';
import type { Detector } from './detector.ts';
import { draem } from './draem.ts';
import { patchcore } from './patchcore.ts';
import { recontrast } from './recontrast.ts';
import { revdist } from './revdist.ts';
import { uniad } from './uniad.ts';

/** What `--method` and a run's configuration call them. */
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

/** A method as its preset has it. @throws ConfigError for an unknown method, and a preset that it does not have. */
export function detectorOf({ method, preset }: { method: DetectorName; preset?: string }): Detector {
  requireOneOf('detectorOf', 'method', method, DETECTOR_NAMES);
  const detector: Detector = DETECTORS[method];
  if (preset === undefined) return detector;
  const presets = detector.presets ?? {};
  const found = Object.hasOwn(presets, preset) ? presets[preset] : undefined;
  if (found) return found;
  throw new ConfigError(
    `detectorOf: preset of ${method} expects ${Object.keys(presets).join(' or ') || 'nothing'}, got ${preset}`,
  );
}
