import { ConfigError, WeightsError } from '../../../src/errors.ts';
import { weightsIn } from '../../../src/formats/weightsBytes.ts';
import { isEmbedded } from '../../../src/models/embedded.ts';
import type { PretrainedName } from '../../../src/models/encoders/index.ts';
import { checkConfig, gridIn, newConfig } from '../../../src/run/config.ts';
import { sha256Hex } from '../../../src/run/contentChecksum.ts';
import { countsPasses, withPresets } from '../../../src/run/presets.ts';
import type { RunConfig } from '../../../src/run/settings.ts';
import { VERSION } from '../../../src/version.ts';
import { pretrainedNames } from '../../../src/weights/encoderNames.ts';
import { publishedEncoder, unpublishedEncoder } from '../../../src/weights/publishedEncoder.ts';
import { pickTensors, type TensorSource } from '../../../src/weights/tensorSource.ts';
import { blobSource } from '../files/blobSource.ts';
import type { ChosenFile } from '../files/chosenFile.ts';
import type { Choice, Presets } from './messages.ts';

/** The file of an encoder's weights, and what a configuration says of it. */
export interface EncoderFile
  extends ChosenFile,
    Required<Pick<RunConfig, 'encoder' | 'weights' | 'weightsSha256'>> {}

/** The chosen encoder. @throws WeightsError for a file that holds none, or one that is unknown. */
export async function encoderFile(chosen: string | ChosenFile): Promise<EncoderFile> {
  const isOwn = typeof chosen === 'string';
  const { path, file } = isOwn ? await embeddedFile(chosen) : chosen;
  const weightsSha256 = await sha256Hex([new Uint8Array(await file.arrayBuffer())]);
  const encoder = isOwn ? (chosen as PretrainedName) : await encoderOf({ path, file });
  return { path, file, encoder, weights: isOwn ? 'embedded' : path, weightsSha256 };
}

async function embeddedFile(encoder: string): Promise<ChosenFile> {
  if (!isEmbedded(encoder)) throw new ConfigError(`${encoder} does not come with this page`);
  const path = `${encoder}.safetensors`;
  // Beside the folder of this worker's script.
  const answer = await fetch(new URL(`../weights/${path}`, self.location.href));
  if (!answer.ok) throw new WeightsError(`weights/${path} cannot be loaded: ${answer.status}`);
  return { path, file: await answer.blob() };
}

/** Which encoder's weights a file holds, by its names and shapes. */
async function encoderOf({ path, file }: ChosenFile): Promise<PretrainedName> {
  const open = await weightsIn(blobSource(file, path));
  const published = publishedEncoder(open.tensors);
  if (published?.fits) return pretrainedNames(open, published.name).member;
  const own = unpublishedEncoder(open.tensors);
  if (own) return own;
  throw new WeightsError(
    `${path}: holds no encoder that is known${published ? `: it is like ${published.name}, of other shapes` : ''}`,
    { fix: 'wgad weights list names those that are' },
  );
}

/** The encoder's tensors for a training. */
export async function openEncoder(
  encoder: PretrainedName,
  { path, file }: ChosenFile,
): Promise<TensorSource> {
  const open = await weightsIn(blobSource(file, path));
  return (await pickTensors(open, (each) => pretrainedNames(each, encoder))).source;
}

/** The configuration that `wgad train` makes of the same choice. @throws ConfigError. */
export function configOf(
  { preset, seed, saveEvery, size, batch, iterations, alignIterations, lr }: Choice,
  { encoder, weights, weightsSha256 }: Pick<EncoderFile, 'encoder' | 'weights' | 'weightsSha256'>,
  data: string,
  images: number,
): RunConfig {
  for (const [name, value] of Object.entries({ seed, saveEvery })) {
    if (value >= 0 && (name !== 'seed' || Number.isSafeInteger(value))) continue;
    throw new ConfigError(
      `${name} expects ${name === 'seed' ? 'a whole number' : 'seconds'} from 0 on, got ${value}`,
    );
  }
  const settings = {
    ...withPresets({
      ...(preset === 'quick' && { preset }),
      encoder,
      size,
      batch,
      iterations,
      lr,
      alignIterations,
    }),
    version: VERSION,
    seed,
    data,
    adapter: '',
  };
  const draft = newConfig(settings);
  checkConfig(draft);
  const config = countsPasses(settings) ? newConfig(settings, images * gridIn(draft).count) : draft;
  return { ...config, weights, weightsSha256 };
}

/** What the presets say. */
export function presets(): Presets {
  const of = (preset?: string): RunConfig =>
    newConfig({ ...withPresets(preset ? { preset } : {}), version: VERSION, seed: 0, data: '', adapter: '' });
  return { quick: of('quick'), paper: of() };
}
