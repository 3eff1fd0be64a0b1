import { storeHalf } from '../graph/passes/storeHalf.ts';
import { input } from '../graph/value.ts';
import { encode, revdistSpecs } from '../methods/revdist.ts';
import { RESNETS } from '../models/resnet.ts';
import type { StateDict } from '../nn/init.ts';
import { bindNetwork, networkLayout, PRECISIONS, type Precision } from '../nn/trainable.ts';
import { RandomStream } from '../random.ts';
import type { Session } from '../runtime/session.ts';
import { type Tensor64, tensor64 } from '../specs/reference/tensor64.ts';
import { drawn } from '../specs/spec.ts';
import { embeddedPath } from '../weights/embedded.ts';
import { loadWeights } from '../weights/encoder.ts';
import { encoder64 } from './encoderReference.ts';
import { type Finding, finding } from './finding.ts';
import { evaluate } from './runCheck.ts';

/** Storing f16 rounds each activation by up to 5e-4 of itself; two dozen layers in, a result differs by this at most. */
const MOST_IN_HALF = 1e-2;

/** The embedded encoder against float64: in f32, and stored as f16 where the adapter does that. */
export async function examineEncoder(session: Session): Promise<Finding[]> {
  const weights = await loadWeights(embeddedPath('resnet18_w16'), 'encoder');
  const shape = [1, 3, 64, 64];
  const image = tensor64(shape, drawn({ shape }, new RandomStream(0)));
  const want = encoder64(weights, image);
  const precisions = PRECISIONS.filter((each) => each === 'f32' || session.gpu.facts.f16);
  const findings: Finding[] = [];
  for (const precision of precisions) {
    const got = await encoderTaps(session, weights, image, precision);
    const half = precision === 'f16';
    for (const [i, { data }] of want.entries()) {
      findings.push(
        finding(
          half ? 'encoder in f16' : 'encoder',
          `embedded encoder, layer${i + 1}`,
          got.get(`layer${i + 1}`)!,
          data,
          half ? { mostRelative: MOST_IN_HALF } : {},
        ),
      );
    }
  }
  return findings;
}

function encoderTaps(session: Session, weights: StateDict, image: Tensor64, precision: Precision) {
  const { frozen } = revdistSpecs(RESNETS.resnet18_w16);
  const layout = networkLayout(`doctor encoder ${precision}`, frozen, precision);
  session.load(layout, weights);
  const { layers } = bindNetwork(layout, { training: false });
  const taps = encode(layers, input('image', image.shape), RESNETS.resnet18_w16);
  const graph = { outputs: new Map(taps.map((tap, i) => [`layer${i + 1}`, tap])), effects: [] };
  const { outputs } = precision === 'f16' ? storeHalf(graph, []) : graph;
  return evaluate(session, 'encoder', outputs, { image: Float32Array.from(image.data) });
}
