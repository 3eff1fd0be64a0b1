import { join } from 'node:path';
import { loadImage } from '../../data/index.ts';
import { ConfigError } from '../../errors.ts';
import { requireWritable } from '../../formats/regularFile.ts';
import { refuseOnto } from '../../formats/sameFile.ts';
import { sha256Of } from '../../formats/sha256.ts';
import { readWeights } from '../../formats/weightsFile.ts';
import { writeSafetensors } from '../../formats/writeSafetensors.ts';
import { DEFAULT_ENCODER } from '../../models/embedded.ts';
import { ENCODER_FAMILIES, ENCODER_NAMES } from '../../models/encoders/index.ts';
import type { StateDict } from '../../nn/init.ts';
import { givenTwice } from '../../options.ts';
import { FEATURES_FILE } from '../../parts/featureParts.ts';
import type { Shard } from '../../parts/shard.ts';
import { finishPart, planPart, type WholeInput } from '../../parts/writePart.ts';
import { SETTINGS } from '../../run/settings.ts';
import { type EncoderName, openEncoder, rebuiltTapNames, tapNames } from '../../score/features.ts';
import { range } from '../../shape.ts';
import { VERSION } from '../../version.ts';
import { weightsPath } from '../../weights/embedded.ts';
import { weightsFor } from '../../weights/source.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exitCodes.ts';
import { integer } from '../numbers.ts';
import { requireOutside } from '../outsideData.ts';
import { addShardFlags, partResult, type ShardFlags } from '../shardFlags.ts';
import type { AddVerb } from '../verb.ts';

interface FeatureFlags extends ShardFlags {
  out?: string;
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
  const verb = program
    .command('features <image...>')
    .description('write feature maps of images, or of a safetensors file with a tensor `input` (N, 3, H, W)')
    .option(
      '--out <file>',
      'safetensors file; tensors are named <index>.<layer> (required, but with --shard)',
    )
    .option('--encoder <name>', `one of ${ENCODER_NAMES.join(', ')}`, DEFAULT_ENCODER)
    .option('--weights <file|name>', SETTINGS.weights.says, 'embedded')
    .option('--size <px>', 'side that images are resized to', integer('--size', 32), 256)
    .option(
      '--layers <names>',
      `which of ${TAPS}; default all of the encoder's; from a trained run's weights also bottleneck, rebuilt1, rebuilt2, rebuilt3`,
    );
  addShardFlags(verb);
  verb
    .addHelpText('after', '\nExample:\n  wgad features photo.png --out photo.safetensors')
    .action((paths: string[], flags: FeatureFlags) =>
      run(async (context) => {
        const name = ENCODER_NAMES.find((each) => each === flags.encoder);
        if (!name) {
          throw new ConfigError(`--encoder expects one of ${ENCODER_NAMES.join(', ')}, got ${flags.encoder}`);
        }
        const { shard, out } = flags;
        if ((out === undefined) === (shard === undefined)) {
          throw new ConfigError(
            out === undefined
              ? '--out is required: the file to write'
              : '--out and --shard exclude each other',
            { fix: 'name a file with --out; parts go to --parts, and `wgad merge --out` writes the file' },
          );
        }
        const [flag, place] = out === undefined ? ['--parts', flags.parts] : ['--out', out];
        await requireOutside(flag, place, paths);
        const layers = layersOf(name, flags.layers);
        const weights = await weightsFor(name, flags.weights);
        if (out !== undefined) {
          for (const path of [...paths, weights]) await refuseOnto('--out', out, path);
          await requireWritable(out);
        }
        // There is nothing to save, and a large image takes seconds to decode.
        context.endAtSignal();
        const inputs = await readInputs(paths, flags.size);
        const metadata = { encoder: flags.encoder, inputs: JSON.stringify(paths) };
        const job: Job = { context, name, weights, layers, inputs, metadata };
        if (shard) await featurePart(job, flags.parts, shard);
        else {
          await writeFeatures(job, range(inputs.count), out!);
          const tensors = range(inputs.count).flatMap((i) => layers.map((layer) => `${i}.${layer}`));
          context.result({ out, tensors }, `${out}: ${tensors.length} tensors`);
        }
        return EXIT.done;
      }),
    );
};

interface Job {
  readonly context: Context;
  readonly name: EncoderName;
  readonly weights: string;
  readonly layers: readonly string[];
  readonly inputs: Inputs;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The features of some inputs into a file, under their places among all. @returns the adapter's name. */
async function writeFeatures(
  { context, name, weights, layers, inputs, metadata }: Job,
  places: readonly number[],
  path: string,
): Promise<string> {
  const encoder = await openEncoder(name, weights, inputs.shape, { gpu: context.gpu, names: layers });
  for (const note of encoder.notes) context.say(`${weights}: ${note}`);
  const out: StateDict = new Map();
  const progress = context.progress('features');
  try {
    for (const [i, place] of places.entries()) {
      context.signal.throwIfAborted();
      const found = await encoder.features(await inputs.at(place));
      for (const layer of layers) out.set(`${place}.${layer}`, found.get(layer)!);
      progress.update(i + 1, places.length);
    }
  } finally {
    encoder.close();
  }
  progress.finish();
  await writeSafetensors(path, out, metadata);
  return encoder.adapter;
}

/** A part of them, unless it is there already. */
async function featurePart(job: Job, parts: string, shard: Shard): Promise<void> {
  const { context, name, weights, layers, inputs, metadata } = job;
  const plan = await planPart(parts, shard, inputs.names, {
    kind: 'features',
    version: VERSION,
    weights: await sha256Of(weightsPath(name, weights)),
    settings: { ...metadata, layers, shape: inputs.shape },
  });
  const { folder, places } = plan;
  if (plan.done) return partResult(context, { manifest: plan.done, folder });
  const adapter = await writeFeatures(job, places, join(folder, FEATURES_FILE));
  const manifest = await finishPart(plan, { adapter, batch: 1, skipped: 0, names: [FEATURES_FILE] });
  partResult(context, { manifest, folder });
}

interface Inputs {
  readonly count: number;
  readonly names: readonly WholeInput[];
  /** [height, width]. */
  readonly shape: readonly [number, number];
  at(i: number): Promise<Float32Array>;
}

async function readInputs(paths: readonly string[], size: number): Promise<Inputs> {
  const path = paths[0]!;
  if (!path.endsWith('.safetensors')) {
    return {
      count: paths.length,
      names: paths.map((each) => ({ name: each, path: each })),
      shape: [size, size],
      at: (i) => loadImage(paths[i]!, size),
    };
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
    names: range(count!).map((i) => ({ name: `${path}#${i}`, path })),
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
  const twice = givenTwice(names);
  if (twice !== undefined) throw new ConfigError(`--layers expects each once, got ${twice} twice`);
  return names;
}
