import { FAMILIES } from '../../src/specs/index.ts';
import type { SpecTable } from '../../src/specs/spec.ts';
import { compositeSpecs } from './composites.ts';
import { fusedSpecs } from './fused.ts';

/** Everything that has a spec: ops, and here what is made of them. */
export const SPECS: SpecTable = Object.assign({}, ...Object.values(FAMILIES), compositeSpecs, fusedSpecs);
