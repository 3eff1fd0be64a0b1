import { WgadError } from '../errors.ts';
import { RESNETS, type ResNetName } from '../models/resnet.ts';
import type { Session } from '../train/session.ts';
import { alternate } from './alternate.ts';
import { compileClassifier, randomNumbers } from './classifier.ts';
import { onnxResnet } from './onnx/resnet.ts';
import type { Peer, PeerNetwork } from './peers.ts';
import { planRecord } from './planCase.ts';
import type { BenchRecord } from './record.ts';

export interface VersusOptions {
  readonly models: readonly ResNetName[];
  readonly batches: readonly number[];
  readonly size: number;
  readonly peers: readonly Peer[];
  readonly onCase: (done: number, of: number) => void;
}

/** How far a peer's logits may lie from ours, as a relative L2 distance. */
const TOLERANCE = 1e-3;
const INPUTS = 3;

/**
 * Forward pass of ImageNet-shaped classifiers against other engines: same random weights, images handed over in host
 * memory, logits handed back. Two records a case: ours with the ratio, and the peer's.
 * @throws WgadError E_GPU where a peer's output is not ours; nothing of that case is timed then.
 */
export async function benchVersus(session: Session, options: VersusOptions): Promise<BenchRecord[]> {
  const { models, batches, size, peers, onCase } = options;
  const cases = models.flatMap((model) => batches.map((batch) => ({ model, batch })));
  const records: BenchRecord[] = [];
  let done = 0;
  for (const { model, batch } of cases) {
    const classifier = await compileClassifier(session, model, { batch, size });
    const { executable, tensors } = classifier;
    const images = Array.from({ length: INPUTS }, (_, i) => randomNumbers(batch * 3 * size * size, 1, i));
    const ours = async (turn: number): Promise<Float32Array> => {
      executable.run({ images: images[turn % INPUTS]! });
      return (await executable.read()).get('logits') as Float32Array;
    };
    try {
      for (const peer of peers) {
        const network = await peer.open(onnxResnet(RESNETS[model], tensors, { batch, size }));
        try {
          const theirs = (turn: number): Promise<Float32Array> => network.run(images[turn % INPUTS]!);
          await checkOutputs(`${model} ${batch} x ${size} px: ${peer.name}`, ours, theirs);
          const { ours: own, theirs: other, ...ratios } = await alternate(ours, theirs);
          const name = {
            suite: 'latency',
            name: `${model} classifier / ${peer.name}`,
            shape: `${batch} x ${size} px`,
          };
          const record = planRecord(session, name, executable, own);
          records.push(
            { ...record, peer: peer.name, ...ratios },
            {
              ...record,
              ...other,
              name: `${peer.name} ${model} classifier`,
              adapter: peer.name === 'ort-cpu' ? 'CPU' : record.adapter,
              variant: peer.version,
              gflops: (record.gflops! * own.medianMs) / other.medianMs,
              gbs: null,
              peer: peer.name,
            },
          );
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

async function checkOutputs(
  where: string,
  ours: (turn: number) => Promise<Float32Array>,
  theirs: PeerRun,
): Promise<void> {
  for (let turn = 0; turn < INPUTS; turn++) {
    const distance = relativeDistance(await theirs(turn), await ours(turn));
    if (!(distance <= TOLERANCE)) {
      throw new WgadError(
        'E_GPU',
        `${where}: its logits lie ${distance.toExponential(1)} from ours (relative L2), expected at most ${TOLERANCE}; not timed`,
        { fix: 'run `wgad doctor` to see whether this adapter computes what it should' },
      );
    }
  }
}

type PeerRun = (turn: number) => ReturnType<PeerNetwork['run']>;

/** |a - b| / |b|; infinite where the lengths differ. */
export function relativeDistance(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return Infinity;
  const difference = a.reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0);
  const norm = b.reduce((sum, value) => sum + value ** 2, 0);
  return Math.sqrt(difference / norm);
}
