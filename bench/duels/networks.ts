import { type CaseFilter, matching, type NamedCase } from '../../src/bench/caseFilter.ts';
import { randomNumbers } from '../../src/bench/randomNetwork.ts';
import { relativeDistance } from '../../src/bench/relativeDistance.ts';
import { ConfigError } from '../../src/errors.ts';
import { RESNETS, type ResNetName } from '../../src/models/resnet.ts';
import type { Precision } from '../../src/nn/trainable.ts';
import { requireHalf } from '../../src/plan/limits.ts';
import type { Session } from '../../src/runtime/session.ts';
import { type Peer, type PeerNetwork, type PeerStart, SCORING_PEERS } from '../peers/peer.ts';
import { type CompiledNetwork, compileClassifier } from './classifier.ts';
import { type DuelRecord, duelRecords, INPUTS, requireClose, timedBy } from './duel.ts';
import { compileScoring, scoreFraction } from './scoring.ts';

/** What is computed: an ImageNet-shaped classifier's logits, or RevDist's score without alignment. */
type ComparedNetwork = 'classifier' | 'scoring';

export interface NetworkDuelOptions extends CaseFilter {
  readonly network: ComparedNetwork;
  readonly models: readonly ResNetName[];
  readonly batches: readonly number[];
  readonly size: number;
  /** Precision of our scoring; the peers' is in their names. */
  readonly precision: Precision;
  readonly peers: readonly Peer[];
  /** Rounds of one sample each. */
  readonly rounds: number;
  readonly onCase: (done: number, of: number) => void;
}

/** How far a peer's result may lie from ours, as a relative L2 distance: where both compute in f32, or one does not. */
const TOLERANCE = { f32: 1e-3, reduced: 1e-2 };

/**
 * Forward passes against other engines: same random weights, images handed over in host memory, logits or scores handed
 * back. Two records a case: ours with the ratio, and the peer's.
 * @throws ConfigError where a peer does not score
 * @throws WgadError E_GPU where a peer's output is not ours; nothing of that case is timed then.
 */
export async function benchNetworkPeers(
  session: Session,
  options: NetworkDuelOptions,
): Promise<DuelRecord[]> {
  const { network, models, batches, size, precision, peers, onCase } = options;
  if (network === 'scoring') for (const peer of peers) requireScoring(peer);
  if (precision === 'f16') requireHalf(session.gpu.facts, 'bench latency --precision f16');
  const what = network === 'classifier' ? 'classifier' : 'RevDist score';
  const suffix = precision === 'f32' ? '' : ` ${precision}`;
  const named = models.flatMap((model) =>
    batches.map((batch) => ({
      model,
      batch,
      name: `${model} ${what}${suffix}`,
      shape: `${batch} x ${size} px`,
    })),
  );
  const cases = matching(named, options);
  const records: DuelRecord[] = [];
  let done = 0;
  for (const { model, batch, name, shape } of cases) {
    const sizes = { batch, size };
    const compiled =
      network === 'classifier'
        ? await compileClassifier(session, model, sizes)
        : await compileScoring(session, { encoder: model, ...sizes, precision });
    const inputs = Array.from({ length: INPUTS }, (_, i) => randomNumbers(batch * 3 * size * size, 1, i));
    const start = { config: RESNETS[model], tensors: compiled.tensors, ...sizes, inputs };
    try {
      for (const peer of peers) {
        const theirs = await open(peer, network, start);
        try {
          records.push(...(await against(session, options, { name, shape, compiled, peer, theirs, start })));
        } finally {
          await theirs.close();
        }
        done += 1;
        onCase(done, cases.length * peers.length);
      }
    } finally {
      compiled.destroy();
    }
  }
  return records;
}

const open = (peer: Peer, network: ComparedNetwork, start: PeerStart): Promise<PeerNetwork> =>
  network === 'classifier' ? peer.classifier(start) : requireScoring(peer)(start, { scoreFraction });

function requireScoring({ name, version, scoring }: Peer): NonNullable<Peer['scoring']> {
  if (scoring) return scoring;
  throw new ConfigError(`--peers ${name}: ${version} is not asked for RevDist's score`, {
    fix: `choose of ${SCORING_PEERS.join(', ')}, or leave out --method to compare classifiers`,
  });
}

interface NetworkDuel extends NamedCase {
  readonly compiled: CompiledNetwork;
  readonly peer: Peer;
  readonly theirs: PeerNetwork;
  readonly start: PeerStart;
}

/** Checks the peer on every input, then times both. */
async function against(
  session: Session,
  { network, precision, rounds }: NetworkDuelOptions,
  { name, shape, compiled, peer, theirs, start: { inputs } }: NetworkDuel,
): Promise<DuelRecord[]> {
  const { executable, output } = compiled;
  const ours = async (turn: number): Promise<Float32Array> => {
    executable.run({ images: inputs[turn % INPUTS]! });
    return (await executable.read([output])).get(output) as Float32Array;
  };
  const reduced = precision === 'f16' || (peer.arithmetic ?? 'f32') !== 'f32';
  let distance = 0;
  for (let turn = 0; turn < INPUTS; turn++) {
    const found = relativeDistance(await theirs.run(turn), await ours(turn));
    const lie = network === 'classifier' ? 'its logits lie' : 'its scores lie';
    requireClose(`${name} ${shape}: ${peer.name}`, lie, found, TOLERANCE[reduced ? 'reduced' : 'f32']);
    distance = Math.max(distance, found);
  }
  return duelRecords(session, {
    name: { suite: 'latency', name, shape },
    peer,
    executable,
    ours: async (turn) => void (await ours(turn)),
    theirs: timedBy(theirs, (turn) => theirs.run(turn)),
    rounds,
    detail: theirs.detail,
    distance,
  });
}
