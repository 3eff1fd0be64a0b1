import type { ResNetName } from '../models/resnet.ts';
import type { Session } from '../runtime/session.ts';
import { type CaseFilter, matching } from './caseFilter.ts';
import type { DeviceClock } from './deviceClock.ts';
import { measurePace } from './pace.ts';
import type { Pace } from './planCase.ts';
import { type CaseName, planRecord, sampleReplays } from './planCase.ts';
import type { BenchRecord } from './record.ts';
import { compileTrainStep, type StepConfig, stepImages } from './trainStep.ts';

export interface TrainBenchChoice extends CaseFilter {
  readonly models: readonly ResNetName[];
  readonly batches: readonly number[];
  readonly size: number;
}

export interface TrainBenchOptions extends TrainBenchChoice {
  /** That of the session's device; default none. */
  readonly clock?: DeviceClock;
  readonly onCase: (done: number, of: number) => void;
}

export interface TrainCase extends CaseName {
  readonly config: StepConfig;
}

/** @throws ConfigError where the filter matches nothing */
export function trainCases({ models, batches, size, ...filter }: TrainBenchChoice): TrainCase[] {
  const cases = models.flatMap((encoder) =>
    batches.map((batch) => ({
      suite: 'train',
      name: `${encoder} RevDist step`,
      shape: `${batch} x ${size} px`,
      config: { encoder, batch, size },
    })),
  );
  return matching(cases, filter);
}

/** RevDist's training step: frozen encoder, bottleneck, decoder, loss, gradients, AdamW. */
export async function benchTrain(session: Session, options: TrainBenchOptions): Promise<BenchRecord[]> {
  const cases = trainCases(options);
  const pace = await measurePace(session);
  const records: BenchRecord[] = [];
  for (const each of cases) {
    records.push(await measured(session, each, pace, options.clock));
    options.onCase(records.length, cases.length);
  }
  return records;
}

/** Steps are enqueued without waiting, as training does; the loss is left on the device. */
async function measured(
  session: Session,
  { config, ...name }: TrainCase,
  pace: Pace,
  clock?: DeviceClock,
): Promise<BenchRecord> {
  const { executable, step, destroy } = await compileTrainStep(session, config);
  try {
    await step(stepImages(config, 0));
    const timing = await sampleReplays(session, executable);
    const record = planRecord(session, name, executable, timing, pace);
    return { ...record, ...(await clock?.time(session.gpu, executable)) };
  } finally {
    destroy();
  }
}
