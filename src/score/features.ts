import { input, type Value } from '../graph/value.ts';
import { encoderOf } from '../methods/detector.ts';
import { rebuild, SCALE_STRIDES, type Scales } from '../methods/revdist.ts';
import {
  encoderTaps,
  familyOf,
  hasStrides,
  type PretrainedName,
  pretrained,
  tapsAt,
} from '../models/encoders/index.ts';
import type { NamedTensor } from '../nn/init.ts';
import { declare, type Layers } from '../nn/layers.ts';
import { bindNetwork, networkLayout } from '../nn/trainable.ts';
import { modelOf } from '../run/config.ts';
import { adapterName } from '../runtime/gpu.ts';
import { type GpuRequest, openSession } from '../runtime/session.ts';
import { activationSaid } from '../weights/detector.ts';
import { openPretrained } from '../weights/encoder.ts';
import type { TensorSource } from '../weights/tensorSource.ts';

export type EncoderName = PretrainedName;
const REBUILT_TAPS = ['bottleneck', 'rebuilt1', 'rebuilt2', 'rebuilt3'] as const;

/** Names of an encoder's feature maps, finest first. */
export const tapNames = (name: EncoderName): readonly string[] =>
  familyOf(pretrained(name)).taps.map((tap) => tap.name);

/** Outputs of reverse distillation, if the weights include it: the embedding and the rebuilt maps. */
export const rebuiltTapNames = (name: EncoderName): readonly string[] =>
  hasStrides(pretrained(name), SCALE_STRIDES) ? REBUILT_TAPS : [];

/** A pre-trained encoder on a device. */
export interface Encoder {
  /** One normalised image [3, H, W] to its feature maps [C, h, w]. */
  features(image: Float32Array): Promise<Map<string, NamedTensor>>;
  /** For the user: where in the weights file they were found, if not at top level. */
  readonly notes: readonly string[];
  readonly adapter: string;
  close(): void;
}

/**
 * @param options.names of `tapNames` and `rebuiltTapNames`; default all of the former.
 * @param size height and width of every image, multiples of 32.
 * @throws WeightsError, FileError, GpuError.
 */
export async function openEncoder(
  name: EncoderName,
  weights: string,
  size: readonly [number, number],
  options: { gpu?: GpuRequest; names?: readonly string[] } = {},
): Promise<Encoder> {
  const { gpu, names = tapNames(name) } = options;
  const { source, taps } = await network(name, weights, size, names);
  try {
    const session = await openSession(gpu);
    try {
      const images = input('image', [1, 3, ...size]);
      const layout = networkLayout(
        'encoder',
        declare((layers) => taps(layers, images)),
      );
      await session.loadFrom(layout, source);
      const values = taps(bindNetwork(layout, { training: false }).layers, images);
      const outputs = new Map(names.map((tap) => [tap, values.get(tap)!]));
      const executable = await session.compile('features', { outputs, effects: [] });
      return {
        notes: source.notes,
        adapter: adapterName(session.gpu),
        async features(image) {
          executable.run({ image });
          const out = await executable.read();
          return new Map(
            names.map((tap) => [
              tap,
              { shape: values.get(tap)!.shape.slice(1), data: out.get(tap) as Float32Array },
            ]),
          );
        },
        close: () => session.close(),
      };
    } catch (error) {
      session.close();
      throw error;
    }
  } finally {
    await source.close();
  }
}

type Taps = ReadonlyMap<string, Value>;

/** The function from images to feature maps, and the tensors it needs, in an open file. */
async function network(
  name: EncoderName,
  weights: string,
  size: readonly [number, number],
  names: readonly string[],
): Promise<{ source: TensorSource; taps: (layers: Layers, images: Value) => Taps }> {
  const rebuilt = names.some((tap) => rebuiltTapNames(name).includes(tap));
  const { source, encoder } = await openPretrained(name, weights, rebuilt);
  return {
    source,
    taps(layers, images) {
      const features = encoderTaps(layers, images, pretrained(encoder));
      const taps = named(tapNames(name), features);
      if (!rebuilt) return taps;
      const activation = activationSaid(source.metadata);
      const own = encoderOf(modelOf({ encoder, activation, size: size[0] }));
      const scales = tapsAt(own, features, SCALE_STRIDES) as Scales;
      const { embedding, rebuilt: maps } = rebuild(layers, scales, own);
      return new Map([...taps, ...named(REBUILT_TAPS, [embedding, ...maps])]);
    },
  };
}

const named = (names: readonly string[], values: readonly Value[]): Map<string, Value> =>
  new Map(names.map((name, i) => [name, values[i]!]));
