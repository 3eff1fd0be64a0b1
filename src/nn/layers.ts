import { requireFlag, requireFunction } from '../arguments.ts';
import { ConfigError, gotText, WeightsError } from '../errors.ts';
import { asValue, input, scope, type Value } from '../graph/value.ts';
import { type OptionNames, refuseExtra, requireNamed, requireOptions } from '../options.ts';
import { type Shape, shapesEqual, shapeText } from '../shape.ts';
import type { Initializer, ParameterSpec } from './parameterSpec.ts';

/**
 * Supplies a network's layers with tensors. A network is a plain function of this and its inputs: called through
 * `declare` it lists its parameters, called with real tensors it computes.
 */
export interface Layers {
  /** Batch statistics, dropout. */
  readonly training: boolean;
  /** The layers of a part of the network, whose names begin with `name.`. */
  child(name: string): Layers;
  /** The trained tensor `name` of this part; `init` fills it if no file has it. */
  parameter(name: string, shape: Shape, init: Initializer): Value;
  /** The same for an untrained tensor: running statistics, a memory. */
  buffer(name: string, shape: Shape, init: Initializer): Value;
  /** In training: a measurement of this step, to be averaged into a buffer. */
  measured(name: string, value: Value): void;
  /** In training: the key of the step's random numbers, and a site number that the network has not used. */
  random(): { key: Value; site: number };
}

/** Where `layersFrom` gets tensors and random numbers. */
export interface LayerSource {
  readonly training: boolean;
  tensor(spec: ParameterSpec): Value;
  measured?(name: string, value: Value): void;
  /** u32 [4]; see randomUniform. */
  readonly key?: Value;
  /** Counts the places that draw random numbers; networks that share a key must share it. Default: a new counter. */
  readonly sites?: { next: number };
}

export function layersFrom(source: LayerSource, prefix = '', sites = source.sites ?? { next: 0 }): Layers {
  const full = (name: string): string => (prefix === '' ? name : `${prefix}.${name}`);
  const tensor =
    (kind: ParameterSpec['kind']) =>
    (name: string, shape: Shape, init: Initializer, ...extra: never[]) => {
      refuseExtra(`${full(name)}: ${kind}`, extra);
      return source.tensor({ name: full(name), shape, init, kind });
    };
  return {
    training: source.training,
    child(name, ...extra: never[]) {
      refuseExtra('child', extra);
      return layersFrom(source, full(name), sites);
    },
    parameter: tensor('parameter'),
    buffer: tensor('buffer'),
    measured(name, value, ...extra: never[]) {
      refuseExtra('measured', extra);
      source.measured?.(full(name), value);
    },
    random(...extra: never[]) {
      refuseExtra('random', extra);
      if (!source.key) {
        throw new ConfigError(
          `${prefix || 'network'}: training with dropout expects a random key, got none`,
          {
            where: prefix,
            fix: 'give layersOf or bindNetwork a `key`: u32 [4] of seed low, seed high, step, 0',
          },
        );
      }
      sites.next += 1;
      return { key: source.key, site: sites.next };
    },
  };
}

/** How `layersOf` makes layers. */
type LayersOptions = Partial<Pick<LayerSource, 'training' | 'key' | 'measured'>>;

const LAYERS_OPTIONS: OptionNames<LayersOptions> = { training: true, key: true, measured: true };

/**
 * Layers that read their tensors by name from an object: values, or tensors on the device as `Engine.load` gives them.
 * @param options `training` (default false), the `key` that dropout needs then, and `measured`, told of the statistics
 *   that a step measures.
 * @throws WeightsError at the first tensor that is missing or has another shape.
 */
export function layersOf(
  tensors: Readonly<Record<string, Value | { readonly value: Value }>>,
  options: LayersOptions = {},
  ...extra: never[]
): Layers {
  refuseExtra('layersOf', extra);
  requireNamed('layersOf', 'tensors', tensors);
  requireOptions('layersOf', options, LAYERS_OPTIONS);
  const { training = false, ...rest } = options;
  requireFlag('layersOf', 'training', training);
  return layersFrom({
    ...rest,
    training,
    tensor({ name, shape }) {
      const found = Object.hasOwn(tensors, name) ? tensors[name] : undefined;
      if (!found) throw new WeightsError(`the state dict has no ${name} ${shapeText(shape)}`);
      const value = asValue(found, 'layersOf');
      if (shapesEqual(value.shape, shape)) return value;
      throw new WeightsError(`${name} expects ${shapeText(shape)}, got ${shapeText(value.shape)}`);
    },
  });
}

/**
 * Runs `part` of a network under its name, for parameters and labels alike.
 * @throws ConfigError where `layers` are plain tensors, not wrapped by `layersOf`.
 */
export function within<T>(layers: Layers, name: string, part: (inner: Layers) => T, ...extra: never[]): T {
  refuseExtra('within', extra);
  if (typeof layers?.child !== 'function') {
    throw new ConfigError(
      `${name}: layers expects what layersOf or bindNetwork gives, got ${gotText(layers)}`,
    );
  }
  return scope(name, () => part(layers.child(name)));
}

/** The tensors a network asks for, in order. Computes nothing. */
export function declare(network: (layers: Layers) => unknown, ...extra: never[]): ParameterSpec[] {
  refuseExtra('declare', extra);
  requireFunction('declare', 'network', network);
  const specs: ParameterSpec[] = [];
  network(
    layersFrom({
      training: false,
      tensor(spec) {
        specs.push(spec);
        return input(spec.name, spec.shape);
      },
    }),
  );
  return specs;
}
