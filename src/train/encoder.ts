import { input } from '../graph/value.ts';
import { encode, revdistSpecs } from '../methods/revdist.ts';
import { RESNETS, type ResNetName } from '../models/resnet.ts';
import type { NamedTensor } from '../nn/init.ts';
import { bindNetwork, networkLayout } from '../nn/trainable.ts';
import { loadWeights } from './encoderWeights.ts';
import { openSession } from './session.ts';

export const LAYER_NAMES = ['layer1', 'layer2', 'layer3'] as const;
export type LayerName = (typeof LAYER_NAMES)[number];

/** A pre-trained encoder on a device. */
export interface Encoder {
  /** One normalised image [3, H, W] to its feature maps [C, h, w]. */
  features(image: Float32Array): Promise<Map<LayerName, NamedTensor>>;
  close(): void;
}

/** @param size height and width of every image, multiples of 32. @throws WeightsError, FileError, GpuError. */
export async function openEncoder(
  name: ResNetName,
  weights: string,
  size: readonly [number, number],
  adapter?: string,
): Promise<Encoder> {
  const tensors = await loadWeights(weights, 'encoder');
  const session = await openSession(adapter);
  try {
    const layout = networkLayout('encoder', revdistSpecs(RESNETS[name]).frozen);
    session.load(layout, tensors, weights);
    const { layers } = bindNetwork(layout, { training: false });
    const taps = encode(layers, input('image', [1, 3, ...size]), RESNETS[name]);
    const outputs = new Map(LAYER_NAMES.map((layer, i) => [layer as string, taps[i]!]));
    const executable = await session.compile('features', { outputs, effects: [] });
    return {
      async features(image) {
        executable.run({ image });
        const out = await executable.read();
        return new Map(
          LAYER_NAMES.map((layer, i) => [
            layer,
            { shape: taps[i]!.shape.slice(1), data: out.get(layer) as Float32Array },
          ]),
        );
      },
      close: () => session.close(),
    };
  } catch (error) {
    session.close();
    throw error;
  }
}
