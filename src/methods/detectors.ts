import { cfa } from './cfa.ts';
import type { Detector } from './detector.ts';
import { draem } from './draem.ts';
import { patchcore } from './patchcore.ts';
import { recontrast } from './recontrast.ts';
import { revdist } from './revdist.ts';
import { uniad } from './uniad.ts';

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

/** A method as its preset has it. An unknown preset is refused by a run's configuration before. */
export function detectorOf({ method, preset }: { method: DetectorName; preset?: string }): Detector {
  const detector = DETECTORS[method];
  return preset === undefined ? detector : (detector.presets?.[preset] ?? detector);
}
