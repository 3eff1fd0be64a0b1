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

/**
 * A method as its preset has it; an unknown preset is the method's own settings, for a run's configuration lists it with
 * all else that is wrong. @throws ConfigError for an unknown method.
 */
export function detectorOf({ method, preset }: { method: DetectorName; preset?: string }): Detector {
  requireOneOf('detectorOf', 'method', method, DETECTOR_NAMES);
  const detector: Detector = DETECTORS[method];
  return preset === undefined ? detector : (detector.presets?.[preset] ?? detector);
}
