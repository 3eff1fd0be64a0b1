import { RESNETS, type ResNetName } from '../models/resnet.ts';
import type { Session } from '../train/session.ts';
import { compileClassifier, randomNumbers } from './classifier.ts';
import { duelRecords, INPUTS, relativeDistance, requireClose } from './duel.ts';
import type { Peer } from './peers/peer.ts';
import type { BenchRecord } from './record.ts';

export interface VersusOptions {
  readonly models: readonly ResNetName[];
  readonly batches: readonly number[];
  readonly size: number;
  readonly peers: readonly Peer[];
  /** Rounds of one sample each. */
  readonly rounds: number;
  readonly onCase: (done: number, of: number) => void;
}

/** How far a peer's logits may lie from ours, as a relative L2 distance. */
const TOLERANCE = 1e-3;

/**
 * Forward pass of ImageNet-shaped classifiers against other engines: same random weights, images handed over in host
 * memory, logits handed back. Two records a case: ours with the ratio, and the peer's.
 * @throws WgadError E_GPU where a peer's output is not ours; nothing of that case is timed then.
 */
export async function benchVersus(session: Session, options: VersusOptions): Promise<BenchRecord[]> {
  const { models, batches, size, peers, rounds, onCase } = options;
  const cases = models.flatMap((model) => batches.map((batch) => ({ model, batch })));
  const records: BenchRecord[] = [];
  let done = 0;
  for (const { model, batch } of cases) {
    const classifier = await compileClassifier(session, model, { batch, size });
    const { executable, tensors } = classifier;
    const inputs = Array.from({ length: INPUTS }, (_, i) => randomNumbers(batch * 3 * size * size, 1, i));
    const ours = async (turn: number): Promise<Float32Array> => {
      executable.run({ images: inputs[turn % INPUTS]! });
      return (await executable.read()).get('logits') as Float32Array;
    };
    const name = { suite: 'latency', name: `${model} classifier`, shape: `${batch} x ${size} px` };
    try {
      for (const peer of peers) {
        const network = await peer.classifier({ config: RESNETS[model], tensors, batch, size, inputs });
        try {
          for (let turn = 0; turn < INPUTS; turn++) {
            const distance = relativeDistance(await network.run(turn), await ours(turn));
            const where = `${model} ${name.shape}: ${peer.name}`;
            requireClose(where, 'its logits lie', distance, TOLERANCE);
          }
          const theirs = (turn: number): Promise<Float32Array> => network.run(turn);
          records.push(...(await duelRecords(session, { name, peer, executable, ours, theirs, rounds })));
        } finally {
          await network.close();
        }
        done += 1;
        onCase(done, cases.length * peers.length);
      }
    } finally {
      classifier.destroy();
    }
  }
  return records;
}
