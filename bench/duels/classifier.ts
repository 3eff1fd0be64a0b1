import { input } from '../../src/graph/value.ts';
import { RESNETS, type ResNetName, resnetClassifier } from '../../src/models/resnet.ts';
import { initialize, type StateDict } from '../../src/nn/init.ts';
import { declare, type ParameterSpec } from '../../src/nn/layers.ts';
import { bindNetwork, networkLayout } from '../../src/nn/trainable.ts';
import { RandomStream } from '../../src/random.ts';
import type { Executable } from '../../src/runtime/executable.ts';
import { product } from '../../src/shape.ts';
import { type Session, slabsOf } from '../../src/train/session.ts';

/** A network compiled for one batch size, and the tensors it computes with; its input is `images`. */
export interface CompiledNetwork {
  readonly executable: Executable;
  readonly tensors: StateDict;
  /** Name of what it computes. */
  readonly output: string;
  /** Frees the plan and the weights. */
  destroy(): void;
}

/** images [batch, 3, size, size] -> logits [batch, 1000], with `randomTensors`. */
export async function compileClassifier(
  session: Session,
  name: ResNetName,
  { batch, size }: { batch: number; size: number },
): Promise<CompiledNetwork> {
  const images = input('images', [batch, 3, size, size]);
  const specs = declare((layers) => resnetClassifier(layers, images, RESNETS[name]));
  const tensors = randomTensors(specs, 0);
  const layout = networkLayout('classifier', specs);
  session.load(layout, tensors);
  const { layers } = bindNetwork(layout, { training: false });
  const logits = resnetClassifier(layers, images, RESNETS[name]);
  const executable = await session.compile(`${name} classifier`, {
    outputs: new Map([['logits', logits]]),
    effects: [],
  });
  return {
    executable,
    tensors,
    output: 'logits',
    destroy() {
      executable.destroy();
      for (const slab of slabsOf(layout)) session.state.delete(slab.name);
    },
  };
}

/** A fresh network's tensors, with batch norms that change something: 1 +- 0.2, 0 +- 0.2, mean 0 +- 0.2, variance 1 +- 0.5. */
export function randomTensors(specs: readonly ParameterSpec[], seed: number): StateDict {
  const tensors = initialize(specs, seed);
  for (const [index, { name, shape }] of specs.entries()) {
    if (shape.length !== 1 || name.startsWith('fc.')) continue;
    const variance = name.endsWith('running_var');
    const centre = variance || name.endsWith('weight') ? 1 : 0;
    const data = randomNumbers(product(shape), seed, index).map((v) => centre + v * (variance ? 0.5 : 0.2));
    tensors.set(name, { shape, data });
  }
  return tensors;
}

/** Uniform in [-1, 1). */
export function randomNumbers(count: number, seed: number, stream: number): Float32Array {
  const random = new RandomStream(seed, stream);
  return Float32Array.from({ length: count }, () => 2 * random.next() - 1);
}
