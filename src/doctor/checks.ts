import { FAMILIES, type Family } from '../specs/index.ts';
import type { OpSpec, Sample, SpecTable } from '../specs/spec.ts';

/** A sample of an op, as it is run on the user's adapter. */
export interface Check {
  readonly family: Family;
  readonly name: string;
  readonly spec: OpSpec;
  readonly sample: Sample;
}

/** The first samples of every op. */
export const CHECKS: readonly Check[] = (Object.entries(FAMILIES) as [Family, SpecTable][]).flatMap(
  ([family, specs]) =>
    Object.entries(specs).flatMap(([name, spec]) =>
      spec.samples
        .slice(0, spec.doctor ?? 1)
        .map((sample) => ({ family, name: `${name} ${sample.label}`, spec, sample })),
    ),
);
