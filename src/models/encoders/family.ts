/** What methods and readers of weights know of a family of encoders. The families themselves are listed in encoders/table.ts. */
import type { Value } from '../../graph/value.ts';
import type { Layers } from '../../nn/layers.ts';
import type { DecoderActivation } from '../resnet.ts';

/** Pre-trained networks of one kind, that detectors read features of. `Config` fixes one of them. */
export interface EncoderFamilyRecord<Config, Name extends string = string> {
  /** By the names of `--encoder`. */
  readonly members: Readonly<Record<Name, Config>>;
  /** What it calls its feature maps, finest first, and how many pixels of the image lie between their places. */
  readonly taps: readonly { readonly name: string; readonly stride: number }[];
  /** @throws ConfigError for a name that no configuration has. */
  requireConfig(where: string, config: Config): void;
  /**
   * Images [N, 3, H, W], H and W multiples of 32, normalised with ImageNet's mean and deviation -> the feature maps. A
   * family that was trained on images normalised otherwise turns one into the other here.
   */
  features(layers: Layers, x: Value, config: Config): Value[];
  /** The same network before a reverse decoder with this activation; absent: none follows it. */
  withDecoder?(config: Config, activation: DecoderActivation): Config;
  /** Each publisher's first tensors, all of a row: what stands before them in a file is its encoder's prefix. */
  readonly anchors: readonly (readonly string[])[];
  /** How tensors are called in files; absent: as here, and a file is for the member that was asked for. */
  readonly published?: PublishedNames<Config, Name>;
}

/** Of a family that several publishers have, each under names of its own. `Publisher`: who. */
export interface PublishedNames<Config, Name extends string, Publisher extends string = string> {
  /** What a file without any of them lacks. */
  readonly lacking: string;
  /** Whose names these are, of all tensors of an encoder; null for nobody's. */
  publisherOf(names: Iterable<string>): Publisher | null;
  /** What a tensor is called here; null for what no detector reads. */
  ownName(name: string, publisher: Publisher): string | null;
  /** What is asked for where a file says which of several members of one shape it is for. */
  generalName(name: Name): Name;
  /** The arithmetic that weights were trained for, as metadata or names say; null where neither does. */
  lineageOf(publisher: Publisher, metadata: ReadonlyMap<string, string>): Config | null;
  /** What a file that says neither leaves open, and how a user says it. */
  readonly unsaid: { readonly message: string; readonly fix: string };
  /** What a converted file says of it in its metadata. */
  lineageNote(config: Config): Readonly<Record<string, string>>;
}
