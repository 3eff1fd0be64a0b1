import { requireOneOf } from '../../arguments.ts';
import { input, type Value } from '../../graph/value.ts';
import { declare, type Layers, within } from '../../nn/layers.ts';
import type { ParameterSpec } from '../../nn/parameterSpec.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../../options.ts';
import type { DecoderActivation } from '../resnet.ts';
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

/** A ResNet, or EfficientNet-B4 with the arithmetic that one of its published weights needs. */
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

/**
 * Images [N, 3, H, W], normalised -> feature maps, finest first, of the encoder whose tensors are called `name.*`: a
 * ResNet's layers 1 to 3 (strides 4, 8, 16), EfficientNet-B4's blocks 1, 5, 9, 21 (strides 2, 4, 8, 16).
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
