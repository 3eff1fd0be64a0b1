/** The detectors and their alignments as functions over values. */
export * from './cada.ts';
export * from './cfa.ts';
export * from './detector.ts';
export * from './detectors.ts';
export * from './draem.ts';
export * from './patchcore.ts';
export * from './recontrast.ts';
export * from './revdist.ts';
export * from './uniad.ts';
