import { randomTensors } from '../../src/bench/randomNetwork.ts';
import { input } from '../../src/graph/value.ts';
import { RESNETS, type ResNetName, resnetClassifier } from '../../src/models/resnet.ts';
import type { StateDict } from '../../src/nn/init.ts';
import { declare } from '../../src/nn/layers.ts';
import { bindNetwork, networkLayout } from '../../src/nn/trainable.ts';
import type { Executable } from '../../src/runtime/executable.ts';
import { type Session, slabsOf } from '../../src/runtime/session.ts';

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
