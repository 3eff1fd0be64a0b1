import { requireOneOf } from '../../arguments.ts';
import { ConfigError } from '../../errors.ts';
import { input, type Value } from '../../graph/value.ts';
import { declare, type Layers, within } from '../../nn/layers.ts';
import type { ParameterSpec } from '../../nn/parameterSpec.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../../options.ts';
import type { DecoderActivation } from '../resnet.ts';
import { type DecoderShape, PLAIN_DECODER } from '../reverseDecoder.ts';
import type { EncoderFamilyRecord } from './family.ts';
import { TABLE } from './table.ts';

type Table = typeof TABLE;
export type EncoderFamily = keyof Table;
type Member<F extends EncoderFamily> = keyof Table[F]['members'];

/** A pre-trained network that detectors read features of. */
export type EncoderConfig = {
  [F in EncoderFamily]: { readonly family: F; readonly config: Table[F]['members'][Member<F>] };
}[EncoderFamily];

const ENCODER_CONFIG: OptionNames<EncoderConfig> = { family: true, config: true };

type AnyFamily = EncoderFamilyRecord<EncoderConfig['config']>;

export const ENCODER_FAMILIES: Readonly<Record<EncoderFamily, AnyFamily>> = TABLE;

/** @throws ConfigError for an unknown name in an encoder's description. */
export function requireEncoder(where: string, encoder: EncoderConfig): void {
  requireOptions(`${where}: encoder`, encoder, ENCODER_CONFIG);
  requireOneOf(`${where}: encoder`, 'family', encoder.family, Object.keys(ENCODER_FAMILIES));
  familyOf(encoder).requireConfig(`${where}: encoder`, encoder.config);
}

/** A ResNet, or another network with the arithmetic that one of its published weights needs. */
export type PretrainedName = { [F in EncoderFamily]: Member<F> }[EncoderFamily];

/** Names that `pretrained` accepts. */
export const PRETRAINED_NAMES = Object.values(ENCODER_FAMILIES).flatMap(({ members }) =>
  Object.keys(members),
) as PretrainedName[];

/**
 * The configuration of the network of that name; the caller reads its weights. @throws ConfigError for an unknown one.
 */
export function pretrained(name: PretrainedName, ...extra: never[]): EncoderConfig {
  refuseExtra('pretrained', extra);
  requireOneOf('pretrained', 'name', name, PRETRAINED_NAMES);
  const [family, { members }] = Object.entries(ENCODER_FAMILIES).find(([, each]) =>
    Object.hasOwn(each.members, name),
  )!;
  return { family, config: members[name] } as EncoderConfig;
}

/** The record of an encoder's family. */
export const familyOf = ({ family }: Pick<EncoderConfig, 'family'>): AnyFamily => ENCODER_FAMILIES[family];

/** The same encoder before a reverse decoder with this activation, where one can follow it. */
export const beforeDecoder = (encoder: EncoderConfig, activation: DecoderActivation): EncoderConfig => {
  const config = familyOf(encoder).withDecoder?.(encoder.config, activation) ?? encoder.config;
  return { ...encoder, config } as EncoderConfig;
};

/** The name a user asks for: members that only a file can tell apart share it. */
export const generalName = (name: PretrainedName): PretrainedName =>
  (familyOf(pretrained(name)).published?.generalName(name) ?? name) as PretrainedName;

/** Names a user can ask for; the weights file decides between members of the same shape. */
export const ENCODER_NAMES = PRETRAINED_NAMES.filter((name) => generalName(name) === name);

/** The bottleneck and the reverse decoder that follow an encoder. */
export function decoderShapeOf(encoder: EncoderConfig, ...extra: never[]): DecoderShape {
  refuseExtra('decoderShapeOf', extra);
  requireEncoder('decoderShapeOf', encoder);
  return familyOf(encoder).decoderShape?.(encoder.config) ?? PLAIN_DECODER;
}

/** Whether an encoder has a feature map at each of these strides. */
export const hasStrides = (encoder: Pick<EncoderConfig, 'family'>, strides: readonly number[]): boolean =>
  strides.every((wanted) => familyOf(encoder).taps.some(({ stride }) => stride === wanted));

/**
 * Those of an encoder's feature maps that have these strides.
 * @param taps what `encoderTaps` gives.
 * @throws ConfigError where it has none at one of them.
 */
export function tapsAt(
  encoder: EncoderConfig,
  taps: readonly Value[],
  strides: readonly number[],
  ...extra: never[]
): Value[] {
  refuseExtra('tapsAt', extra);
  requireEncoder('tapsAt', encoder);
  const known = familyOf(encoder).taps;
  return strides.map((wanted) => {
    const tap = taps[known.findIndex(({ stride }) => stride === wanted)];
    if (tap) return tap;
    const had = known.map(({ stride }) => stride).join(', ');
    throw new ConfigError(
      `this method expects an encoder with feature maps at strides ${strides.join(', ')}, got ${encoder.family} with ${had}`,
    );
  });
}

/** Channels of an encoder's feature maps at these strides. @throws ConfigError as `tapsAt` does. */
export function channelsAt(encoder: EncoderConfig, strides: readonly number[]): number[] {
  let channels: number[] = [];
  declare((layers) => {
    const taps = encoderTaps(layers, input('images', [1, 3, 64, 64]), encoder);
    channels = tapsAt(encoder, taps, strides).map(({ shape }) => shape[1]!);
  });
  return channels;
}

/**
 * Images [N, 3, H, W], normalised -> feature maps, finest first, of the encoder whose tensors are called `name.*`: a
 * ResNet's layers 1 to 3 (strides 4, 8, 16), EfficientNet-B4's blocks 1, 5, 9, 21 (strides 2, 4, 8, 16), the stages 1, 2
 * and 4 of the small networks (strides 4, 8, 16).
 */
export const encoderTaps = (
  layers: Layers,
  images: Value,
  encoder: EncoderConfig,
  name = 'encoder',
  ...extra: never[]
): Value[] => {
  refuseExtra('encoderTaps', extra);
  requireEncoder('encoderTaps', encoder);
  return within(layers, name, (inner) => familyOf(encoder).features(inner, images, encoder.config));
};

/** The tensors that detectors read of an encoder, `encoder.*`. */
export const encoderSpecs = (encoder: EncoderConfig): ParameterSpec[] =>
  declare((layers) => encoderTaps(layers, input('images', [1, 3, 64, 64]), encoder));
