import { alternate } from '../../src/bench/alternate.ts';
import type { Pace } from '../../src/bench/planCase.ts';
import { planRecord, replaysOf } from '../../src/bench/planCase.ts';
import type { BenchRecord } from '../../src/bench/record.ts';
import type { Timing } from '../../src/bench/sampler.ts';
import {
  type CasePart,
  type LoadedCase,
  loadedCases,
  type ScoreChoice,
  scoreCases,
} from '../../src/bench/scoreCases.ts';
import { WgadError } from '../../src/errors.ts';
import { compilePlan } from '../../src/runtime/executable.ts';
import type { Session } from '../../src/runtime/session.ts';
import { planDifference, planPart } from './planPart.ts';

export interface AddedOptions extends ScoreChoice {
  readonly pace: Pace;
  readonly onCase: (done: number, of: number) => void;
}

export interface AddedRecord extends BenchRecord {
  /** Of the part that is added: its time over that of the plan without it, median and percentiles. */
  readonly adds?: number;
  readonly addsP10?: number;
  readonly addsP90?: number;
}

const ADDED = 'what cada adds';

/**
 * What CADA adds to scoring, in dispatch time: the dispatches that its plan has and the plan without alignment has
 * not (regressor and calibration), replayed alone by turns with the whole plan without. Two records a case: that
 * plan, and the added part with `adds`.
 */
export async function benchAdded(session: Session, options: AddedOptions): Promise<AddedRecord[]> {
  const records: AddedRecord[] = [];
  const chosen = scoreCases({ ...options, only: undefined }, [{ part: ADDED }]);
  for (const { label, shape, graphOf } of loadedCases(session, options, chosen)) {
    records.push(...(await added(session, label, shape, graphOf, options.pace)));
    options.onCase(records.length / 2, chosen.length);
  }
  return records;
}

async function added(
  session: Session,
  label: string,
  shape: string,
  graphOf: LoadedCase<CasePart>['graphOf'],
  pace: Pace,
): Promise<AddedRecord[]> {
  const { gpu } = session;
  const none = await session.compile('score without alignment', graphOf('none'));
  const aligned = await session.compile('score with CADA', graphOf('cada'));
  const { onlyA: saved, onlyB: extra } = planDifference(none.plan, aligned.plan);
  if (saved.length > 0) {
    throw new WgadError(
      'E_CONFIG',
      `${label} ${shape}: the plan with CADA lacks ${saved.length} dispatches of the plan without, so what it adds is no part of its own: ${saved.map(({ kernel }) => kernel.label).join(', ')}`,
    );
  }
  const part = await compilePlan(gpu, planPart(aligned.plan, 'what CADA adds', extra), session.state);
  try {
    const duel = await alternate(replaysOf(gpu, none), replaysOf(gpu, part));
    const record = (name: string, plan: typeof none, timing: Timing): BenchRecord =>
      planRecord(session, { suite: 'latency', name: `${label} ${name}`, shape }, plan, timing, pace);
    return [
      record('none', none, duel.ours),
      {
        ...record(ADDED, part, duel.theirs),
        adds: duel.ratio,
        addsP10: duel.ratioP10,
        addsP90: duel.ratioP90,
      },
    ];
  } finally {
    for (const executable of [none, aligned, part]) executable.destroy();
  }
}

/** For people: the part's share of the plan it is added to. */
export const addedText = (records: readonly AddedRecord[]): string[] =>
  records.flatMap(({ name, shape, variant, adds, addsP10, addsP90 }) =>
    adds === undefined
      ? []
      : [
          `${name}, ${shape}: ${percent(adds)} (${percent(addsP10!)} to ${percent(addsP90!)}) of the dispatch time without, in ${variant}`,
        ],
  );

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
