import { ConfigError, gotText } from '../errors.ts';
import { type OptionNames, requireOptions } from '../options.ts';
import type { RandomStream } from '../random.ts';
import type { Shape } from '../shape.ts';

/** Fills a new parameter. Every tensor has a random stream of its own, so adding one changes no other. */
export type Initializer = (shape: Shape, random: RandomStream) => Float32Array;

/** One tensor of a network: a trained parameter, or a buffer (running statistics). Names are torchvision's. */
export interface ParameterSpec {
  /** In full: `layer1.0.conv1.weight`. */
  readonly name: string;
  readonly shape: Shape;
  /** Fills it if no file has it. */
  readonly init: Initializer;
  readonly kind: 'parameter' | 'buffer';
}

const PARAMETER_SPEC: OptionNames<ParameterSpec> = { name: true, shape: true, init: true, kind: true };

/** @throws ConfigError unless `spec` is as `declare` lists them. */
export function requireSpec(where: string, spec: ParameterSpec): void {
  requireOptions(`${where}: specs`, spec, PARAMETER_SPEC);
  if (typeof spec.name === 'string') return;
  throw new ConfigError(`${where}: specs expects what declare lists, got ${gotText(spec)}`);
}
