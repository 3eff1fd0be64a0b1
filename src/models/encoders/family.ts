/** What methods and readers of weights know of a family of encoders. The families themselves are listed in encoders/table.ts. */
import type { Value } from '../../graph/value.ts';
import type { Layers } from '../../nn/layers.ts';
import type { DecoderActivation } from '../resnet.ts';
import type { DecoderShape } from '../reverseDecoder.ts';

/** Pre-trained networks of one kind, that detectors read features of. `Config` fixes one of them. */
export interface EncoderFamilyRecord<Config, Name extends string = string> {
  /** By the names of `--encoder`. */
  readonly members: Readonly<Record<Name, Config>>;
  /** Names of its feature maps, finest first, and their strides in image pixels. */
  readonly taps: readonly { readonly name: string; readonly stride: number }[];
  /** @throws ConfigError for an unknown name in the configuration. */
  requireConfig(where: string, config: Config): void;
  /**
   * Images [N, 3, H, W], H and W multiples of 32, normalised with ImageNet's mean and deviation -> the feature maps. A
   * family that was trained on images normalised otherwise turns one into the other here.
   */
  features(layers: Layers, x: Value, config: Config): Value[];
  /** The bottleneck and the reverse decoder after it; absent: as `PLAIN_DECODER` says. */
  decoderShape?(config: Config): DecoderShape;
  /** The same network before a reverse decoder with this activation; absent: it is GELU always. */
  withDecoder?(config: Config, activation: DecoderActivation): Config;
  /** The first tensors of each publisher, one row each: their prefix in a file is the encoder's prefix. */
  readonly anchors: readonly (readonly string[])[];
  /** Tensor names in files; absent: the same as here, and a file is for the member asked for. */
  readonly published?: PublishedNames<Config, Name>;
}

/** For a family with several publishers, each with its own names. `Publisher`: who. */
export interface PublishedNames<Config, Name extends string, Publisher extends string = string> {
  /** What to say that a file lacks if it has none of these names. */
  readonly lacking: string;
  /** The publisher who uses these tensor names; null if none does. */
  publisherOf(names: Iterable<string>): Publisher | null;
  /** Who publishes weights for each member. */
  readonly publishers: Readonly<Record<Name, readonly Publisher[]>>;
  /** The publisher whose names are those used here, also for members that it does not publish. */
  readonly own: Publisher;
  /** A tensor's name here; null if no detector reads it. A tensor that the network lacks keeps its name. */
  ownName(name: string, publisher: Publisher, config: Config): string | null;
  /** Members with the same network have the same tensors, and another arithmetic. */
  networkOf(config: Config): string;
  /** The common name of members with the same network, which a file tells apart. */
  generalName(name: Name): Name;
  /** What to say where a general name is asked for and a file does not tell, and how a user can tell; absent: it is read as asked. */
  readonly unsaid?: { readonly message: string; readonly fix: string };
  /** Metadata that a converted file gets: the arithmetic that its weights were trained for. */
  lineageNote(config: Config): Readonly<Record<string, string>>;
}
