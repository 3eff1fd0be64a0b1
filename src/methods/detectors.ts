import type { Detector } from './detector.ts';
import { recontrast } from './recontrast.ts';
import { revdist } from './revdist.ts';

export const DETECTOR_NAMES = ['revdist', 'recontrast'] as const;
export type DetectorName = (typeof DETECTOR_NAMES)[number];

/** The one place that knows methods by name. */
export const DETECTORS: Readonly<Record<DetectorName, Detector>> = { revdist, recontrast };
