import type { PlanOptions } from '../plan/buildPlan.ts';

/** Measured choices of how products are computed. */
export interface Tuned {
  readonly choose: NonNullable<PlanOptions['tuned']>;
  /** Whether a product was measured. One that was measured but has no choice runs best with the rule's. */
  readonly known: (key: string) => boolean;
  /** Hash of all choices: same hash, same kernels. Null if the rule chooses all. */
  readonly hash: string | null;
}
