import { loadImage } from '../../data/index.ts';
import { ConfigError } from '../../errors.ts';
import { requireWritable } from '../../formats/regularFile.ts';
import { refuseOnto } from '../../formats/sameFile.ts';
import { readWeights } from '../../formats/weightsFile.ts';
import { writeSafetensors } from '../../formats/writeSafetensors.ts';
import { DEFAULT_ENCODER } from '../../models/embedded.ts';
import { ENCODER_FAMILIES } from '../../models/encoders/index.ts';
import type { StateDict } from '../../nn/init.ts';
import { SETTINGS } from '../../run/settings.ts';
import {
  ENCODER_NAMES,
  type EncoderName,
  openEncoder,
  rebuiltTapNames,
  tapNames,
} from '../../score/features.ts';
import { weightsFor } from '../../weights/source.ts';
import { EXIT } from '../exitCodes.ts';
import { integer } from '../numbers.ts';
import { requireOutside } from '../outsideData.ts';
import { requiredOption } from '../settings.ts';
import type { AddVerb } from '../verb.ts';

interface FeatureFlags {
  out: string;
  encoder: string;
  weights: string;
  size: number;
  layers?: string;
}

/** Feature maps of each family of encoders. */
const TAPS = Object.values(ENCODER_FAMILIES)
  .map(({ taps }) => taps.map(({ name }) => name).join(', '))
  .join(', or ');

export const featuresVerb: AddVerb = (program, run) => {
  program
    .command('features <image...>')
    .description('write feature maps of images, or of a safetensors file with a tensor `input` (N, 3, H, W)')
    .addOption(requiredOption('--out <file>', 'safetensors file; tensors are named <index>.<layer>'))
    .option('--encoder <name>', `one of ${ENCODER_NAMES.join(', ')}`, DEFAULT_ENCODER)
    .option('--weights <file|name>', SETTINGS.weights.says, 'embedded')
    .option('--size <px>', 'side that images are resized to', integer('--size', 32), 256)
    .option(
      '--layers <names>',
      `which of ${TAPS}; default all of the encoder's; from a trained run's weights also bottleneck, rebuilt1, rebuilt2, rebuilt3`,
    )
    .addHelpText('after', '\nExample:\n  wgad features photo.png --out photo.safetensors')
    .action((paths: string[], flags: FeatureFlags) =>
      run(async (context) => {
        const name = ENCODER_NAMES.find((each) => each === flags.encoder);
        if (!name) {
          throw new ConfigError(`--encoder expects one of ${ENCODER_NAMES.join(', ')}, got ${flags.encoder}`);
        }
        await requireOutside('--out', flags.out, paths);
        const layers = layersOf(name, flags.layers);
        const weights = await weightsFor(name, flags.weights);
        for (const path of [...paths, weights]) await refuseOnto('--out', flags.out, path);
        await requireWritable(flags.out);
        // There is nothing to save, and a large image takes seconds to decode.
        context.endAtSignal();
        const inputs = await readInputs(paths, flags.size);
        const encoder = await openEncoder(name, weights, inputs.shape, {
          gpu: context.gpu,
          names: layers,
        });
        for (const note of encoder.notes) context.say(`${weights}: ${note}`);
        const out: StateDict = new Map();
        const progress = context.progress('features');
        try {
          for (let i = 0; i < inputs.count; i++) {
            context.signal.throwIfAborted();
            const found = await encoder.features(await inputs.at(i));
            for (const layer of layers) out.set(`${i}.${layer}`, found.get(layer)!);
            progress.update(i + 1, inputs.count);
          }
        } finally {
          encoder.close();
        }
        progress.finish();
        await writeSafetensors(flags.out, out, { encoder: flags.encoder, inputs: JSON.stringify(paths) });
        context.result({ out: flags.out, tensors: [...out.keys()] }, `${flags.out}: ${out.size} tensors`);
        return EXIT.done;
      }),
    );
};

interface Inputs {
  readonly count: number;
  /** [height, width]. */
  readonly shape: readonly [number, number];
  at(i: number): Promise<Float32Array>;
}

async function readInputs(paths: readonly string[], size: number): Promise<Inputs> {
  const path = paths[0]!;
  if (!path.endsWith('.safetensors')) {
    return { count: paths.length, shape: [size, size], at: (i) => loadImage(paths[i]!, size) };
  }
  if (paths.length > 1) throw new ConfigError('features: expects one safetensors file, or images');
  const tensor = (await readWeights(path)).tensors.get('input');
  const [count, channels, height, width] = tensor?.shape ?? [];
  if (tensor?.shape.length !== 4 || channels !== 3 || height! % 32 !== 0 || width! % 32 !== 0) {
    const got = tensor ? `[${tensor.shape.join(', ')}]` : 'none';
    throw new ConfigError(
      `${path}: expects a tensor input [N, 3, H, W] with H and W multiples of 32, got ${got}`,
    );
  }
  const each = 3 * height! * width!;
  return {
    count: count!,
    shape: [height!, width!],
    at: async (i) => tensor.data.slice(i * each, (i + 1) * each),
  };
}

function layersOf(encoder: EncoderName, text: string | undefined): readonly string[] {
  const known = [...tapNames(encoder), ...rebuiltTapNames(encoder)];
  const names = text?.split(',').map((name) => name.trim()) ?? tapNames(encoder);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new ConfigError(`--layers expects any of ${known.join(', ')}, got ${unknown}`);
  return names;
}
