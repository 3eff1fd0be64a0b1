/** Parsers of the flags of `wgad bench`. */
import { type Command, InvalidArgumentError, type Option } from 'commander';
import { ConfigError } from '../errors.ts';
import type { Alignment } from '../methods/alignments/index.ts';
import { DETECTOR_NAMES, type DetectorName } from '../methods/detectors.ts';
import { ENCODER_NAMES, PRETRAINED_NAMES, type PretrainedName } from '../models/encoders/index.ts';
import { RESNETS, type ResNetName } from '../models/resnet.ts';
import { encodersFor, type RunConfig, SETTINGS } from '../run/settings.ts';
import type { EncoderName } from '../score/features.ts';
import { anyOf, distinct, oneOf } from './names.ts';
import { integer, pattern } from './numbers.ts';
import { settingFlag } from './settingFlags.ts';

export const RESNET_NAMES = Object.keys(RESNETS) as ResNetName[];

export const models = anyOf(RESNET_NAMES);
const pretrainedNames = anyOf<PretrainedName>(PRETRAINED_NAMES);
export const timedAlignments = anyOf<Alignment>(['none', 'cada']);
export const encoders = anyOf<EncoderName>(ENCODER_NAMES);
export const sizes = (text: string): number[] => distinct(text.split(',').map(integer('--batch', 1)));
/** Batch norms need two images to learn from. */
const trainingSizes = (text: string): number[] => distinct(text.split(',').map(integer('--batch', 2)));

/** Encoders halve the side of an image five times. */
function sideOf(text: string): number {
  const side = integer('--size', 64)(text);
  if (side % 32 !== 0) throw new InvalidArgumentError(`expects a multiple of 32, got ${text}.`);
  return side;
}

/** `--precision` of what is measured, not trained. */
export const precisionFlag = (says?: string): Option =>
  settingFlag('precision', { says, end: '' }).default('f32');

/** `--method` of what is measured. */
export const methodFlag = (says: string): Option =>
  settingFlag('method', { says, end: '' }).argParser(oneOf<DetectorName>(DETECTOR_NAMES));

/** `--size` of what is measured. @param usual default: the method's. */
export function sizeFlag(usual?: number): Option {
  const end = usual === undefined ? "; default the method's" : '';
  const flag = settingFlag('size', { says: 'side of the images', end }).argParser(sideOf);
  return usual === undefined ? flag : flag.default(usual);
}

/** Flags that pick products and other kernels of the networks. */
export const addCaseFlags = (verb: Command): Command =>
  verb
    .option(
      '--filter <regex>',
      'cases whose network/name and shape match; default the heaviest of each kind',
      pattern,
    )
    .option(
      '--model <names>',
      `comma-separated: ${ENCODER_NAMES.join(', ')}; default resnet18,efficientnet_b4, with --filter all`,
      encoders,
    )
    .option('--batch <sizes>', 'comma-separated batch sizes', sizes, [1])
    .addOption(sizeFlag(256));

/** Flags that pick detectors to score with. */
export const addScoringFlags = (verb: Command): Command =>
  verb
    .addOption(methodFlag(SETTINGS.method.says).default('revdist'))
    .option(
      '--model <names>',
      `comma-separated encoders: ${PRETRAINED_NAMES.join(', ')}; default resnet18_w16 where the method has it`,
      pretrainedNames,
    )
    .option('--filter <regex>', 'cases whose name and shape match, of all encoders', pattern)
    .option('--batch <sizes>', 'comma-separated batch sizes', sizes, [1, 16])
    .addOption(sizeFlag());

/** Flags that pick training steps. */
export const addTrainingFlags = (verb: Command): Command =>
  verb
    .option(
      '--model <names>',
      `comma-separated: ${RESNET_NAMES.join(', ')}; default resnet18, with --filter all`,
      models,
    )
    .option('--filter <regex>', 'cases whose name and shape match', pattern)
    .option('--batch <sizes>', 'comma-separated batch sizes', trainingSizes, [8])
    .addOption(sizeFlag(128));

/**
 * The encoders that a method is measured with: those of `--model`, with `--filter` all, else the small one.
 * @throws ConfigError for encoders that the method does not work with.
 */
export function modelsFor(
  method: DetectorName,
  given?: readonly PretrainedName[],
  filter?: RegExp,
): RunConfig['encoder'][] {
  const fitting = encodersFor({ method });
  const wrong = (given ?? []).filter((name) => !fitting.includes(name));
  if (wrong.length > 0) {
    throw new ConfigError(
      `--model expects any of ${fitting.join(', ')} with ${method}, got ${wrong.join(', ')}`,
    );
  }
  if (given ?? filter) return [...(given ?? fitting)];
  return [fitting.find((name) => name === 'resnet18_w16') ?? fitting[0]!];
}
