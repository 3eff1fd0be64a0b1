import { requireFlag, requireFunction, requireList, requireNumber } from '../arguments.ts';
import { ConfigError, gotText, WeightsError } from '../errors.ts';
import { floatOperand } from '../graph/operands.ts';
import { reshape } from '../graph/ops/movement.ts';
import { add, scale } from '../graph/ops/pointwise.ts';
import { asValue, input, type Operand, scope, type Value } from '../graph/value.ts';
import { type OptionNames, refuseExtra, requireNamed, requireOptions } from '../options.ts';
import { type Shape, shapesEqual, shapeText } from '../shape.ts';
import { misfits, shapesOf } from './fit.ts';
import { type Initializer, type ParameterSpec, requireSpec } from './parameterSpec.ts';

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
  /** In training: a measurement of this step, to be averaged into the buffer `name` of this part. */
  measured(name: string, value: Value): void;
  /**
   * `buffers` by full name after this step: those of which the network measured something (running means and variances)
   * averaged with it, rate `momentum` for what is new, default 0.1 as in PyTorch; the others as they are. Call it after the network.
   */
  runningStatistics(buffers: Readonly<Record<string, Operand>>, momentum?: number): Record<string, Value>;
  /** In training: the key of the step's random numbers, and a site number that the network has not used. */
  random(): { key: Value; site: number };
}

/** Where `layersFrom` gets tensors and random numbers. */
export interface LayerSource {
  readonly training: boolean;
  tensor(spec: ParameterSpec): Value;
  /** u32 [4]; see randomUniform. */
  readonly key?: Value;
  /** Counts the places that draw random numbers; networks that share a key must share it. Default: a new counter. */
  readonly sites?: { next: number };
  /** Where measurements of a step are noted, by full name. */
  readonly measured?: Map<string, Value>;
}

/** What all parts of a network share while it is traced. */
interface Trace {
  readonly sites: { next: number };
  /** What it measured, by full name. */
  readonly measured: Map<string, Value>;
}

export function layersFrom(
  source: LayerSource,
  prefix = '',
  trace: Trace = { sites: source.sites ?? { next: 0 }, measured: source.measured ?? new Map() },
): Layers {
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
      return layersFrom(source, full(name), trace);
    },
    parameter: tensor('parameter'),
    buffer: tensor('buffer'),
    measured(name, value, ...extra: never[]) {
      refuseExtra('measured', extra);
      trace.measured.set(full(name), value);
    },
    runningStatistics(buffers, momentum = 0.1, ...extra: never[]) {
      refuseExtra('runningStatistics', extra);
      requireNamed('runningStatistics', 'buffers', buffers);
      requireNumber('runningStatistics', 'momentum', momentum);
      const after = ([name, operand]: [string, Operand]): [string, Value] => {
        const old = floatOperand('runningStatistics', name, operand);
        const found = trace.measured.get(name);
        return [
          name,
          found ? add(scale(old, 1 - momentum), scale(reshape(found, old.shape), momentum)) : old,
        ];
      };
      return Object.fromEntries(Object.entries(buffers).map(after));
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
      trace.sites.next += 1;
      return { key: source.key, site: trace.sites.next };
    },
  };
}

/** How `layersOf` makes layers. */
type LayersOptions = Partial<Pick<LayerSource, 'training' | 'key'>>;

const LAYERS_OPTIONS: OptionNames<LayersOptions> = { training: true, key: true };

/**
 * Layers that read their tensors by name from an object: values, or tensors on the device as `Engine.load` gives them.
 * @param options `training` (default false), and the `key` that dropout needs then.
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

/**
 * A state dict as a training loop needs it: the trained tensors of the network that `specs` declare, which an optimiser
 * updates, and its buffers, which `runningStatistics` does.
 * @throws WeightsError listing everything that is missing, mis-shaped or unexpected.
 */
export function splitState<T extends { readonly shape: Shape }>(
  specs: readonly ParameterSpec[],
  state: ReadonlyMap<string, T>,
  ...extra: never[]
): { parameters: Map<string, T>; buffers: Map<string, T> } {
  refuseExtra('splitState', extra);
  requireList('splitState', 'specs', specs);
  for (const spec of specs) requireSpec('splitState', spec);
  if (!(state instanceof Map)) {
    throw new ConfigError(
      `splitState: state expects a Map as initialize or parseSafetensors gives, got ${gotText(state)}`,
    );
  }
  const wrong = misfits(shapesOf(specs), state);
  if (wrong.length > 0) {
    throw new WeightsError(`splitState: state does not fit the network: ${wrong.join('; ')}`);
  }
  const of = (kind: ParameterSpec['kind']): Map<string, T> =>
    new Map(specs.filter((spec) => spec.kind === kind).map(({ name }) => [name, state.get(name)!]));
  return { parameters: of('parameter'), buffers: of('buffer') };
}
