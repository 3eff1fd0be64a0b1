/** The detector and its alignments as functions over values. */
export * from './cada.ts';
export * from './revdist.ts';
