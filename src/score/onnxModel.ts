import { IMAGENET_MEAN, IMAGENET_STD } from '../data/normalize.ts';
import { ConfigError } from '../errors.ts';
import { listOf, readExpected, text } from '../formats/expectation.ts';
import { remake, rewrite } from '../graph/graph.ts';
import { div, greaterEqual, scale, sub } from '../graph/ops/pointwise.ts';
import { constant, input, isOp, type Value } from '../graph/value.ts';
import { type Alignment, headsOf } from '../methods/alignments/index.ts';
import type { NamedTensor } from '../nn/init.ts';
import type { NetworkLayout } from '../nn/trainable.ts';
import { writeModel } from '../onnx/writing/writeModel.ts';
import { gridIn } from '../run/config.ts';
import { runLayouts } from '../run/networkLayouts.ts';
import type { RunConfig } from '../run/settings.ts';
import type { TensorSource } from '../weights/tensorSource.ts';
import { scorePlan } from './scorePlan.ts';

/** How a run is written as an ONNX model. */
export interface OnnxModelChoice {
  readonly alignment: Alignment;
  /** Scores at or above it are anomalous; null: the model has no output `verdict`. */
  readonly threshold: number | null;
  /** Images that the model takes at once. */
  readonly batch: number;
}

/**
 * A trained detector with its alignment as an ONNX model (operator set 20). Inputs: `pixels` (uint8) [batch, 3, S, S],
 * planes of RGB as images are prepared for the run; with an alignment that reads classes also `labels` (int32)
 * [batch], places among the run's classes. Outputs: `score` [batch], `map` [batch, S, S] and `verdict` (bool) [batch].
 * Tensors have the names of the run's weights.
 * @throws ConfigError for a run that looks at images tile by tile, and for what has no form in ONNX.
 */
export async function onnxModel(
  config: RunConfig,
  source: TensorSource,
  { alignment, threshold, batch }: OnnxModelChoice,
): Promise<Uint8Array> {
  const { count, tile } = gridIn(config);
  if (count > 1) {
    throw new ConfigError(
      `the run looks at images in ${count} tiles, whose maps are blended outside its graph`,
      {
        fix: 'export a run that was trained without --tile',
      },
    );
  }
  const json = source.metadata.get('classes') ?? '[]';
  const classes = readExpected<string[]>(source.path, json, listOf(text), {
    at: 'classes',
    fix: 'it was edited: put the original back, or train again',
  });
  const whole = { ...config, batch, precision: 'f32' as const };
  const layouts = runLayouts(whole, classes.length);
  const graph = scorePlan(whole, layouts, [alignment], classes.length);
  const networks = [...layouts.parts, ...headsOf([alignment]).map((name) => layouts.heads[name])];
  const places = new Map(networks.flatMap(placesOf));
  const pixels = input('pixels', [batch, 3, tile, tile]);
  const labels = input('labels', [batch], 'i32');
  const tensors = new Map<string, Value>();
  const stored = (name: string, shape: readonly number[]): Value => {
    const value = tensors.get(name) ?? input(name, shape);
    tensors.set(name, value);
    return value;
  };
  const images = normalised(pixels);
  let readsLabels = false;
  const bare = rewrite({ outputs: graph.outputs, effects: [] }, (value, inputs) => {
    if (isOp(value, 'slabView') && isOp(value.inputs[0]!, 'state')) {
      return stored(places.get(placeKey(value.inputs[0].attrs.name, value.attrs.offset))!, value.shape);
    }
    if (!isOp(value, 'input')) return remake(value, inputs);
    const { name } = value.attrs;
    readsLabels ||= name === 'labels';
    return name === 'images' ? images : name === 'labels' ? labels : stored(name, value.shape);
  });
  const score = bare.outputs.get(`score.${alignment}`)!;
  const verdict =
    threshold === null ? [] : [{ name: 'verdict', value: judged(score, threshold), type: 'bool' as const }];
  const named = new Map<Value, { name: string; tensor: NamedTensor }>();
  for (const [name, value] of tensors) {
    const data = new Float32Array(await source.read(name));
    named.set(value, { name, tensor: { shape: value.shape, data } });
  }
  return writeModel({
    label: `${config.method} with ${config.encoder}, alignment ${alignment}`,
    inputs: [
      { name: 'pixels', value: pixels, type: 'u8' },
      ...(readsLabels ? [{ name: 'labels', value: labels }] : []),
    ],
    stored: named,
    outputs: [
      { name: 'score', value: score },
      ...verdict,
      { name: 'map', value: bare.outputs.get(`map.${alignment}`)! },
    ],
  });
}

const placeKey = (slab: string, offset: number): string => `${slab} ${offset}`;

/** Names of tensors by their places in slabs. */
const placesOf = ({ parameters, buffers }: NetworkLayout): [string, string][] =>
  [parameters, buffers].flatMap(({ name: slab, offsets }) =>
    [...offsets].map(([name, offset]): [string, string] => [placeKey(slab, offset), name]),
  );

/** 8-bit values as the networks take them. */
function normalised(pixels: Value): Value {
  const perChannel = (list: readonly number[]): Value => constant(list, [1, 3, 1, 1]);
  return div(sub(scale(pixels, 1 / 255), perChannel(IMAGENET_MEAN)), perChannel(IMAGENET_STD));
}

/** 1 where a score reaches the threshold. Scores are float32: the least of them that does stands for it. */
function judged(score: Value, threshold: number): Value {
  const near = Math.fround(threshold);
  return greaterEqual(score, near >= threshold ? near : nextFloat(near));
}

/** The next larger float32. */
function nextFloat(x: number): number {
  if (x === 0) return 2 ** -149;
  const bits = new Int32Array(Float32Array.of(x).buffer);
  bits[0]! += x > 0 ? 1 : -1;
  return new Float32Array(bits.buffer)[0]!;
}
