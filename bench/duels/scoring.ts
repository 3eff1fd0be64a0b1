import { revdistConfig } from '../../src/bench/networks.ts';
import { randomTensors } from '../../src/bench/randomNetwork.ts';
import { CADA_DEFAULTS } from '../../src/methods/cada.ts';
import type { ResNetName } from '../../src/models/resnet.ts';
import type { Precision } from '../../src/nn/trainable.ts';
import { runLayouts } from '../../src/run/networkLayouts.ts';
import { type Session, slabsOf } from '../../src/runtime/session.ts';
import { scorePlan } from '../../src/score/scorePlan.ts';
import type { CompiledNetwork } from './classifier.ts';

/** Share of the map's highest values whose mean is RevDist's score. */
export const { scoreFraction } = CADA_DEFAULTS;

/**
 * RevDist from images to scores, without alignment: images [batch, 3, size, size] -> [batch], with `randomTensors`.
 * @param config `precision` f16 stores weights and activations so; the map is f32
 */
export async function compileScoring(
  session: Session,
  config: {
    readonly encoder: ResNetName;
    readonly batch: number;
    readonly size: number;
    readonly precision: Precision;
  },
): Promise<CompiledNetwork> {
  const model = { ...revdistConfig(config.encoder, config), precision: config.precision };
  const layouts = runLayouts(model, 1, config.precision);
  const specs = layouts.parts.flatMap((part) => slabsOf(part).flatMap((slab) => slab.specs));
  const tensors = randomTensors(specs, 0);
  for (const part of layouts.parts) {
    const own = slabsOf(part).flatMap((slab) => slab.specs.map(({ name }) => name));
    session.load(part, new Map(own.map((name) => [name, tensors.get(name)!])));
  }
  // The score alone, as peers compute it: u and gamma of the plan are for calibration.
  const graph = scorePlan(model, layouts, ['none'], 1, { maps: false });
  const outputs = new Map([['score', graph.outputs.get('score.none')!]]);
  const executable = await session.compile(`${config.encoder} RevDist score`, { ...graph, outputs });
  return {
    executable,
    tensors,
    output: 'score',
    destroy() {
      executable.destroy();
      for (const slab of layouts.parts.flatMap(slabsOf)) session.state.delete(slab.name);
    },
  };
}
