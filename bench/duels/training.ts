import type { CaseName } from '../../src/bench/planCase.ts';
import { relativeDistance } from '../../src/bench/relativeDistance.ts';
import { type TrainBenchChoice, trainCases } from '../../src/bench/train.ts';
import {
  compileTrainStep,
  STEP_OPTIMISER,
  type StepConfig,
  stepImages,
  type TrainStep,
} from '../../src/bench/trainStep.ts';
import { ConfigError } from '../../src/errors.ts';
import { RESNETS } from '../../src/models/resnet.ts';
import type { StateDict } from '../../src/nn/init.ts';
import { momentNames } from '../../src/nn/optimiser.ts';
import { unpackSlab } from '../../src/nn/slab.ts';
import type { Session } from '../../src/runtime/session.ts';
import { type Peer, TRAINING_PEERS } from '../peers/peer.ts';
import { type DuelRecord, duelRecords, INPUTS, requireClose, timedBy } from './duel.ts';

export interface TrainDuelOptions extends TrainBenchChoice {
  readonly peers: readonly Peer[];
  /** Rounds of one sample each. */
  readonly rounds: number;
  readonly onCase: (done: number, of: number) => void;
}

/** How far a peer may lie from ours: loss of the first step, its gradients, loss of the second step. */
const TOLERANCE = { loss: 1e-4, gradients: 1e-2, secondLoss: 1e-2 };
/**
 * In TF32: rounding operands to it in PyTorch moved the gradients of resnet18 by 4 % and of resnet50 by 20 % (fresh
 * weights, 64 px), the losses by 2e-3 at most. A gradient with a different direction still fails.
 */
const TOLERANCE_TF32 = { loss: 1e-3, gradients: 0.5, secondLoss: 5e-2 };

/**
 * RevDist's training step (frozen encoder, bottleneck, decoder, loss, gradients, AdamW) against other engines
 * from the same start.
 * @throws ConfigError where a peer does not differentiate
 * @throws WgadError E_GPU where a peer's loss or gradients are not ours; nothing of that case is timed then.
 */
export async function benchTrainPeers(session: Session, options: TrainDuelOptions): Promise<DuelRecord[]> {
  const { peers, rounds, onCase } = options;
  const cases = trainCases(options);
  const records: DuelRecord[] = [];
  for (const { config, ...name } of cases) {
    for (const peer of peers) {
      // A fresh start for each peer: every step changes the weights.
      const ours = await compileDuelStep(session, config);
      try {
        records.push(...(await against(session, name, { ours, peer, config, rounds })));
      } finally {
        ours.destroy();
      }
      onCase(records.length / 2, cases.length * peers.length);
    }
  }
  return records;
}

/** Our step as a peer's: inputs that take turns, and gradients to be read. */
export interface DuelStep extends Omit<TrainStep, 'step'> {
  readonly inputs: readonly Float32Array[];
  /** Trains on the input of this turn and reads the loss, the one wait. */
  step(turn: number): Promise<number>;
  /** AdamW's running means of the gradients as they are now. */
  moments(): Promise<StateDict>;
}

export async function compileDuelStep(session: Session, config: StepConfig): Promise<DuelStep> {
  const ours = await compileTrainStep(session, config);
  const inputs = Array.from({ length: INPUTS }, (_, i) => stepImages(config, i));
  const { parameters } = ours.detector;
  const [mean] = momentNames(STEP_OPTIMISER, parameters.name);
  return {
    ...ours,
    inputs,
    step: (turn) => ours.step(inputs[turn % INPUTS]!),
    async moments() {
      const slabs = await session.readSlabs([mean!]);
      return unpackSlab(parameters, slabs.get(mean!)!);
    },
  };
}

async function against(
  session: Session,
  name: CaseName,
  { ours, peer, config, rounds }: { ours: DuelStep; peer: Peer; config: StepConfig; rounds: number },
): Promise<DuelRecord[]> {
  if (!peer.training) {
    throw new ConfigError(`--peers ${peer.name}: ${peer.version} has no gradients`, {
      fix: `choose of ${TRAINING_PEERS.join(', ')}`,
    });
  }
  const { tensors, inputs } = ours;
  const start = { config: RESNETS[config.encoder], tensors, inputs, batch: config.batch, size: config.size };
  const training = await peer.training(start, STEP_OPTIMISER);
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
  ours: DuelStep,
  theirs: Pick<DuelStep, 'step' | 'moments'>,
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
