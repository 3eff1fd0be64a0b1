/** What to do where an adapter is too small for a batch: say which batch would fit, or score in smaller ones. */
import { LimitError, OutOfMemoryError } from '../errors.ts';
import type { Graph } from '../graph/graph.ts';
import type { PlanOptions } from '../plan/buildPlan.ts';
import { buildPlan } from '../plan/buildPlan.ts';
import { bytesText, excessesOf, excessText, type PlanLimits } from '../plan/limits.ts';
import type { Plan } from '../plan/plan.ts';
import type { Executable } from './executable.ts';
import { type Gpu, limitsOf } from './gpu.ts';
import { kernelBytes } from './planBuffers.ts';
import { planBytes } from './planBytes.ts';
import type { Session } from './session.ts';

/** The plans of a job as functions of the batch. */
export interface BatchJob {
  /** Its name in errors. */
  readonly label: string;
  readonly batch: number;
  /** The smallest batch that makes sense: 2 where batch norms are trained. */
  readonly least: number;
  graphsAt(batch: number): readonly Graph[];
  /** Plans that the same work compiles with this batch before or after; absent: none. */
  readonly others?: OtherPlans | undefined;
}

/** A batch that an error names has to fit these too: it would only be refused later. */
export interface OtherPlans {
  graphsAt(batch: number): readonly Graph[];
  /** What the work will hold by then beside a plan, and does not yet. */
  readonly bytes: number;
}

/** The adapter as far as plans see it. */
export interface PlanTarget {
  readonly facts: Gpu['facts'];
  readonly limits: PlanLimits;
  readonly tuned?: PlanOptions['tuned'];
}
export const targetOf = ({ gpu, tuned }: Session): PlanTarget => ({
  facts: gpu.facts,
  limits: limitsOf(gpu),
  tuned: tuned?.choose,
});

/**
 * The largest batch from `least` to below `batch` that fits, by bisection; 0 if none does. The result always fits. If a
 * kernel's scratch memory does not grow with the batch, a larger batch may fit too.
 */
export function largestBatch(
  { batch, least }: Pick<BatchJob, 'batch' | 'least'>,
  fits: (batch: number) => boolean,
): number {
  let [good, bad] = [least - 1, batch];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (fits(middle)) good = middle;
    else bad = middle;
  }
  return good < least ? 0 : good;
}

/**
 * Builds the job's plans, which needs no device memory.
 * @throws LimitError naming what is too large, how large, what is allowed, and the largest batch that fits.
 */
export function checkBatch(target: PlanTarget, job: BatchJob): void {
  const excess = excessAt(target, job, job.batch);
  if (excess === null) return;
  const fitting = largestBatch(job, (batch) => excessAt(target, job, batch) === null);
  throw new LimitError(`${job.label}, batch ${job.batch}: ${excess}; ${fittingText(job, fitting)}`, {
    fix: fixFor(fitting),
    where: job.label,
  });
}

/** What is too large at a batch, in words; null where all fits. */
function excessAt(target: PlanTarget, job: BatchJob, batch: number): string | null {
  try {
    const found = job.graphsAt(batch).flatMap((graph) => excessesOf(plan(graph, target), target.limits));
    return found.length === 0 ? null : excessText(found);
  } catch (error) {
    // Planning itself throws where indices or grids exceed their limits.
    if (error instanceof LimitError) return error.message;
    throw error;
  }
}

const plan = (graph: Graph, { facts, limits, tuned }: PlanTarget): Plan =>
  buildPlan(graph, facts, { maxBufferBytes: limits.maxBufferBytes, tuned });

const fittingText = ({ least }: BatchJob, fitting: number): string =>
  fitting > 0 ? `batch ${fitting} fits` : `not even batch ${least} fits`;
const fixFor = (fitting: number): string =>
  fitting > 0
    ? `use --batch ${fitting} or less, or a smaller --size`
    : 'train at a smaller --size, or use another adapter';

/** Compiles the first of the job's plans. @throws OutOfMemoryError with the largest batch that fits what there was. */
export async function compileBatch(session: Session, job: BatchJob): Promise<Executable> {
  try {
    return await session.compile(job.label, job.graphsAt(job.batch)[0]!);
  } catch (error) {
    if (!(error instanceof OutOfMemoryError)) throw error;
    const fitting = largestWithin(session, job, error.available);
    throw new OutOfMemoryError(
      `${job.label}, batch ${job.batch}: ${memoryText(error)}; ${fittingText(job, fitting)}`,
      { asked: error.asked, available: error.available },
      { fix: fixFor(fitting), where: job.label, cause: error },
    );
  }
}

const memoryText = ({ asked, available }: OutOfMemoryError): string =>
  `needs ${bytesText(asked)} beside the weights, memory ran out after ${bytesText(available)}`;

/** The largest batch whose plan, and any of the job's others, takes no more than `available` bytes and exceeds no limit. */
function largestWithin(session: Session, job: BatchJob, available: number): number {
  const target = targetOf(session);
  const { others } = job;
  const fits = (built: Plan, room: number): boolean =>
    planBytes(built) <= room && excessesOf(built, target.limits).length === 0;
  return largestBatch(job, (batch) => {
    try {
      const own = plan(job.graphsAt(batch)[0]!, target);
      if (!fits(own, available)) return false;
      if (!others) return true;
      const built = others.graphsAt(batch).map((graph) => plan(graph, target));
      // `available` has room for the plan's own kernels; those of all stay compiled.
      const room = available - others.bytes - kernelBytes(session.gpu, built, own);
      return built.every((each) => fits(each, room));
    } catch (error) {
      if (error instanceof LimitError) return false;
      throw error;
    }
  });
}

/**
 * Compiles for the job's batch, or for the largest that this adapter can hold: for work whose images do not depend
 * on each other. @throws LimitError, OutOfMemoryError where not even the least fits.
 */
export async function compileFitting(
  session: Session,
  job: BatchJob,
): Promise<{ executable: Executable; batch: number }> {
  const target = targetOf(session);
  let { batch } = job;
  for (;;) {
    try {
      return { executable: await session.compile(job.label, job.graphsAt(batch)[0]!), batch };
    } catch (error) {
      const now = { ...job, batch };
      if (error instanceof LimitError) {
        batch = largestBatch(now, (each) => excessAt(target, job, each) === null);
        if (batch === 0) checkBatch(target, now);
      } else if (error instanceof OutOfMemoryError) {
        batch = largestWithin(session, now, error.available);
      }
      if (batch === 0 || batch === now.batch) throw error;
    }
  }
}
