import { FAMILIES } from '../../src/specs/index.ts';
import type { SpecTable } from '../../src/specs/spec.ts';
import { activationSpecs } from './activations.ts';
import { axesSpecs } from './axes.ts';
import { compositeSpecs } from './composites.ts';
import { einsumSpecs } from './einsum.ts';
import { fusedSpecs } from './fused.ts';
import { gridSampleSpecs } from './gridSample.ts';
import { lossSpecs } from './losses.ts';

/** Everything that has a spec: ops, and here what is made of them. */
export const SPECS: SpecTable = Object.assign(
  {},
  ...Object.values(FAMILIES),
  activationSpecs,
  axesSpecs,
  einsumSpecs,
  gridSampleSpecs,
  lossSpecs,
  compositeSpecs,
  fusedSpecs,
);
