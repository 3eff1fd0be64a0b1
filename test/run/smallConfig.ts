import type { RunConfig } from '../../src/run/settings.ts';

/** A run that trains within seconds: RevDist over the embedded encoder at 64 px. Tests say what they have otherwise. */
export const SMALL_CONFIG: RunConfig = {
  version: '0',
  method: 'revdist',
  encoder: 'resnet18_w16',
  weights: 'embedded',
  align: ['none'],
  size: 64,
  batch: 4,
  iterations: 1,
  alignIterations: 1,
  lr: 2e-3,
  seed: 0,
  data: '',
  smoothing: 'author',
  scoreFraction: 0.01,
  adapter: '',
};
