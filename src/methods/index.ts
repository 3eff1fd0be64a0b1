/** The detectors and their alignments as functions over values. */
// For the declarations: it says what values of each op know.
import '../graph/ops/index.ts';

export {
  ALIGNMENTS,
  type Alignment,
  HEAD_OF,
  HEADS,
  type HeadName,
  headsOf,
  predictingAlignment,
} from './alignments/index.ts';
export * from './cada.ts';
export * from './cfa.ts';
export {
  CALIBRATION_ORDERS,
  type CalibrationOrder,
  type CoresetMemory,
  type Detector,
  type DetectorDefaults,
  encoderOf,
  type Group,
  imagesOf,
  type MeanMemory,
  type Memory,
  type Model,
  NORM_MODES,
  type NormMode,
  type Part,
  type PartLayers,
  type QuickLook,
  type ScoreParts,
  SMOOTHINGS,
  type Smoothing,
  type Source,
  type Traced,
} from './detector.ts';
export {
  DETECTOR_NAMES,
  DETECTORS,
  type DetectorChoice,
  type DetectorName,
  detectorOf,
} from './detectors.ts';
export * from './draem.ts';
export * from './patchcore.ts';
export * from './recontrast.ts';
export * from './revdist.ts';
export * from './uniad.ts';
