import { ConfigError } from '../errors.ts';
import { REVDIST_DEFAULTS } from '../methods/revdist.ts';
import { RESNETS, type ResNetName } from '../models/resnet.ts';
import type { StateDict } from '../nn/init.ts';
import type { Session } from '../train/session.ts';
import { type CaseFilter, matching } from './caseFilter.ts';
import type { DeviceClock } from './deviceClock.ts';
import { duelRecords, relativeDistance, requireClose, timedBy } from '../../bench/duels/duel.ts';
import { measurePace } from './pace.ts';
import { type Peer, TRAINING_PEERS } from '../../bench/peers/peer.ts';
import { type CaseName, planRecord, sampleReplays } from './planCase.ts';
import type { BenchRecord } from './record.ts';
import { compileTrainStep, type TrainStep } from './trainStep.ts';

export interface TrainBenchOptions extends CaseFilter {
  readonly models: readonly ResNetName[];
  readonly batches: readonly number[];
  readonly size: number;
  /** None: this engine alone is timed. */
  readonly peers: readonly Peer[];
  /** Rounds of one sample each, against peers. */
  readonly rounds: number;
  /** That of the session's device, where this engine alone is timed; default none. */
  readonly clock?: DeviceClock;
  readonly onCase: (done: number, of: number) => void;
}

/** How far a peer may lie from ours: loss of the first step, its gradients, loss of the second step. */
const TOLERANCE = { loss: 1e-4, gradients: 1e-2, secondLoss: 1e-2 };
/**
 * In TF32: rounding its operands so in PyTorch moved the gradients of resnet18 by 4 % and of resnet50 by 20 % (fresh
 * weights, 64 px), the losses by 2e-3 at most. What has another direction still fails.
 */
const TOLERANCE_TF32 = { loss: 1e-3, gradients: 0.5, secondLoss: 5e-2 };

/**
 * RevDist's training step (frozen encoder, bottleneck, decoder, loss, gradients, AdamW) here, or against other
 * engines from the same start.
 * @throws ConfigError where a peer does not differentiate
 * @throws WgadError E_GPU where a peer's loss or gradients are not ours; nothing of that case is timed then.
 */
export async function benchTrain(session: Session, options: TrainBenchOptions): Promise<BenchRecord[]> {
  const { models, batches, size, peers, onCase } = options;
  const cases = matching(
    models.flatMap((encoder) =>
      batches.map((batch) => ({
        name: `${encoder} RevDist step`,
        shape: `${batch} x ${size} px`,
        config: { encoder, batch, size },
      })),
    ),
    options,
  );
  const records: BenchRecord[] = [];
  for (const [at, { config, ...named }] of cases.entries()) {
    const name = { suite: 'train', ...named };
    if (peers.length === 0) records.push(await alone(session, name, config, options.clock));
    for (const [nth, peer] of peers.entries()) {
      // A fresh start for each peer: every step changes the weights.
      const ours = await compileTrainStep(session, config);
      try {
        records.push(...(await against(session, name, { ours, peer, config, rounds: options.rounds })));
      } finally {
        ours.destroy();
      }
      onCase(at * peers.length + nth + 1, cases.length * peers.length);
    }
    if (peers.length === 0) onCase(at + 1, cases.length);
  }
  return records;
}

type StepConfig = Parameters<typeof compileTrainStep>[1];

/** Steps are enqueued without waiting, as training does; the loss is left on the device. */
async function alone(
  session: Session,
  name: CaseName,
  config: StepConfig,
  clock?: DeviceClock,
): Promise<BenchRecord> {
  const pace = await measurePace(session);
  const ours = await compileTrainStep(session, config);
  try {
    await ours.step(0);
    const timing = await sampleReplays(session, ours.executable);
    const record = planRecord(session, name, ours.executable, timing, pace);
    return { ...record, ...(await clock?.time(session.gpu, ours.executable)) };
  } finally {
    ours.destroy();
  }
}

async function against(
  session: Session,
  name: CaseName,
  { ours, peer, config, rounds }: { ours: TrainStep; peer: Peer; config: StepConfig; rounds: number },
): Promise<BenchRecord[]> {
  if (!peer.training) {
    throw new ConfigError(`--peers ${peer.name}: ${peer.version} has no gradients`, {
      fix: `choose of ${TRAINING_PEERS.join(', ')}`,
    });
  }
  const { tensors, inputs } = ours;
  const start = { config: RESNETS[config.encoder], tensors, inputs, batch: config.batch, size: config.size };
  const training = await peer.training(start, REVDIST_DEFAULTS.optimiser);
  try {
    const tolerance = peer.arithmetic === 'tf32' ? TOLERANCE_TF32 : TOLERANCE;
    const where = `${name.name} ${name.shape}: ${peer.name}`;
    const distance = await requireSameSteps(where, ours, training, tolerance);
    return await duelRecords(session, {
      name,
      peer,
      executable: ours.executable,
      ours: async (turn) => void (await ours.step(turn)),
      theirs: timedBy(training, (turn) => training.step(turn)),
      rounds,
      detail: training.detail,
      distance,
    });
  } finally {
    await training.close();
  }
}

/** After one step from zero, the running means are a tenth of the gradients; their distance. */
async function requireSameSteps(
  where: string,
  ours: TrainStep,
  theirs: Pick<TrainStep, 'step' | 'moments'>,
  tolerance: typeof TOLERANCE,
): Promise<number> {
  const loss = async (turn: number): Promise<number> =>
    relativeDistance(Float32Array.of(await theirs.step(turn)), Float32Array.of(await ours.step(turn)));
  requireClose(where, 'the loss of its first step lies', await loss(0), tolerance.loss);
  const gradients = treeDistance(await theirs.moments(), await ours.moments());
  requireClose(where, 'its gradients lie', gradients, tolerance.gradients);
  requireClose(where, 'the loss of its second step lies', await loss(1), tolerance.secondLoss);
  return gradients;
}

/** |a - b| / |b| over all tensors of b together; infinite where a lacks one, or has another shape for it. */
export function treeDistance(a: StateDict, b: StateDict): number {
  let [difference, norm] = [0, 0];
  for (const [name, { shape, data }] of b) {
    const other = a.get(name);
    if (other?.shape.join() !== shape.join()) return Infinity;
    norm += data.reduce((sum, value) => sum + value ** 2, 0);
    difference += data.reduce((sum, value, i) => sum + (value - other.data[i]!) ** 2, 0);
  }
  return Math.sqrt(difference / norm);
}
