/** Parsers of the flags of `wgad bench`. */
import { InvalidArgumentError } from 'commander';
import { ConfigError } from '../errors.ts';
import type { Alignment } from '../methods/alignments/index.ts';
import { DETECTOR_NAMES, type DetectorName } from '../methods/detectors.ts';
import { PRETRAINED_NAMES, type PretrainedName } from '../models/encoders/index.ts';
import { RESNETS, type ResNetName } from '../models/resnet.ts';
import { PRECISIONS, type Precision } from '../nn/trainable.ts';
import { encodersFor, type RunConfig } from '../run/settings.ts';
import { ENCODER_NAMES, type EncoderName } from '../score/features.ts';
import { anyOf, oneOf } from './names.ts';
import { integer } from './numbers.ts';

export const RESNET_NAMES = Object.keys(RESNETS) as ResNetName[];

export const models = anyOf(RESNET_NAMES);
export const pretrainedNames = anyOf<PretrainedName>(PRETRAINED_NAMES);
export const timedAlignments = anyOf<Alignment>(['none', 'cada']);
export const encoders = anyOf<EncoderName>(ENCODER_NAMES);
/** The parser of a `--precision` that is measured, not trained. */
export const precision = oneOf<Precision>(PRECISIONS);

export const detector = oneOf<DetectorName>(DETECTOR_NAMES);

export const sizes = (text: string): number[] => text.split(',').map(integer('--batch', 1));
/** Batch norms need two images to learn from. */
export const trainingSizes = (text: string): number[] => text.split(',').map(integer('--batch', 2));

/** Encoders halve the side of an image five times. */
export function sideOf(text: string): number {
  const side = integer('--size', 64)(text);
  if (side % 32 !== 0) throw new InvalidArgumentError(`expects a multiple of 32, got ${text}.`);
  return side;
}

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
