/** The detector and its alignments as functions over values. */
export * from './cada.js';
export * from './revdist.js';
//# sourceMappingURL=index.js.map