import { input, type Value } from '../graph/value.ts';
import { EFFICIENTNET_TAPS, type EfficientNetConfig, efficientnetFeatures } from '../models/efficientnet.ts';
import { RESNETS, type ResNetName, resnetFeatures } from '../models/resnet.ts';
import type { NamedTensor, StateDict } from '../nn/init.ts';
import { declare, type Layers, within } from '../nn/layers.ts';
import { bindNetwork, networkLayout } from '../nn/trainable.ts';
import { loadEfficientnet, loadWeights } from './encoderWeights.ts';
import { openSession } from './session.ts';

export type EncoderName = ResNetName | 'efficientnet_b4';
export const ENCODER_NAMES = [...Object.keys(RESNETS), 'efficientnet_b4'] as EncoderName[];

const RESNET_TAPS = ['layer1', 'layer2', 'layer3'] as const;

/** What an encoder calls its feature maps, finest first. */
export const tapNames = (name: EncoderName): readonly string[] =>
  name === 'efficientnet_b4' ? EFFICIENTNET_TAPS : RESNET_TAPS;

/** A pre-trained encoder on a device. */
export interface Encoder {
  /** One normalised image [3, H, W] to its feature maps [C, h, w]. */
  features(image: Float32Array): Promise<Map<string, NamedTensor>>;
  close(): void;
}

/** @param size height and width of every image, multiples of 32. @throws WeightsError, FileError, GpuError. */
export async function openEncoder(
  name: EncoderName,
  weights: string,
  size: readonly [number, number],
  adapter?: string,
): Promise<Encoder> {
  const { tensors, taps } = await network(name, weights);
  const session = await openSession(adapter);
  try {
    const images = input('image', [1, 3, ...size]);
    const layout = networkLayout(
      'encoder',
      declare((layers) => taps(layers, images)),
    );
    session.load(layout, tensors, weights);
    const values = taps(bindNetwork(layout, { training: false }).layers, images);
    const names = tapNames(name);
    const outputs = new Map(names.map((tap, i) => [tap, values[i]!]));
    const executable = await session.compile('features', { outputs, effects: [] });
    return {
      async features(image) {
        executable.run({ image });
        const out = await executable.read();
        return new Map(
          names.map((tap, i) => [
            tap,
            { shape: values[i]!.shape.slice(1), data: out.get(tap) as Float32Array },
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

/** The function from images to feature maps, and the tensors it needs. */
async function network(
  name: EncoderName,
  weights: string,
): Promise<{ tensors: StateDict; taps: (layers: Layers, images: Value) => readonly Value[] }> {
  if (name === 'efficientnet_b4') {
    const { tensors, config }: { tensors: StateDict; config: EfficientNetConfig } =
      await loadEfficientnet(weights);
    return { tensors, taps: (layers, images) => efficientnetFeatures(layers, images, config) };
  }
  return {
    tensors: await loadWeights(weights, 'encoder'),
    taps: (layers, images) =>
      within(layers, 'encoder', (inner) => resnetFeatures(inner, images, RESNETS[name])),
  };
}
