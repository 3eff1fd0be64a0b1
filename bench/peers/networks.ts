/**
 * The networks as a peer is asked to build them: the same layers as `models/` and `methods/revdist.ts`, written over
 * the few operations that every engine has, so that none is handed this engine's way of computing them.
 */
import type { ResNetConfig } from '../../src/models/resnet.ts';

export type PeerActivation = 'relu' | 'gelu' | null;

/** A convolution without bias and the batch norm after it. */
export interface ConvNorm {
  /** Names of the two in front of `.weight` and the rest. */
  readonly conv: string;
  readonly norm: string;
  /** 2 halves the sides; padding is half the kernel, rounded down. */
  readonly stride: 1 | 2;
  /** A transposed convolution instead, kernel 2, stride 2: doubles the sides. */
  readonly up?: boolean;
  readonly act: PeerActivation;
}

/** What a classifier needs of an engine; T is its tensor. */
export interface ClassifierOps<T> {
  convNorm(x: T, layer: ConvNorm): T;
  /** act(a + b) */
  join(a: T, b: T, act: PeerActivation): T;
  /** Kernel 3, stride 2, padding 1 that never wins. */
  maxPool(x: T): T;
}

/** What RevDist needs beside: joining along channels. */
export interface RevdistOps<T> extends ClassifierOps<T> {
  concat(parts: readonly T[]): T;
}

/** Images to what is pooled and classified. */
export function classifierTrunk<T>(ops: ClassifierOps<T>, images: T, config: ResNetConfig): T {
  return [1, 2, 3, 4].reduce(
    (x, stage) => stageOf(ops, x, `layer${stage}`, config, stage as Stage),
    stem(ops, images, ''),
  );
}

/** Images to the frozen encoder's features at strides 4, 8 and 16. */
export function encoderFeatures<T>(ops: ClassifierOps<T>, images: T, config: ResNetConfig): [T, T, T] {
  const stage = (index: Stage, x: T): T => stageOf(ops, x, `encoder.layer${index}`, config, index);
  const first = stage(1, stem(ops, images, 'encoder.'));
  const second = stage(2, first);
  return [first, second, stage(3, second)];
}

/** The features as bottleneck and decoder rebuild them. */
export function rebuiltFeatures<T>(
  ops: RevdistOps<T>,
  [f1, f2, f3]: readonly [T, T, T],
  config: ResNetConfig,
): [T, T, T] {
  const half = (index: number, x: T): T =>
    ops.convNorm(x, {
      conv: `bottleneck.conv${index}`,
      norm: `bottleneck.bn${index}`,
      stride: 2,
      act: 'relu',
    });
  let embedding = ops.concat([half(2, half(1, f1)), half(3, f2), f3]);
  for (let i = 0; i < config.blocks[3]; i++) {
    const kind = { resize: i === 0 ? ('down' as const) : null, reshapes: i === 0, act: 'relu' as const };
    embedding = block(ops, embedding, `bottleneck.bn_layer.${i}`, config, kind);
  }
  const stage = (index: Stage, input: T): T => {
    let x = input;
    for (let i = 0; i < config.blocks[index - 1]!; i++) {
      const kind = { resize: i === 0 ? ('up' as const) : null, reshapes: i === 0, act: 'gelu' as const };
      x = block(ops, x, `decoder.layer${index}.${i}`, config, kind);
    }
    return x;
  };
  const g3 = stage(1, embedding);
  const g2 = stage(2, g3);
  return [stage(3, g2), g2, g3];
}

type Stage = 1 | 2 | 3 | 4;

const stem = <T>(ops: ClassifierOps<T>, images: T, prefix: string): T =>
  ops.maxPool(ops.convNorm(images, { conv: `${prefix}conv1`, norm: `${prefix}bn1`, stride: 2, act: 'relu' }));

function stageOf<T>(ops: ClassifierOps<T>, input: T, name: string, config: ResNetConfig, stage: Stage): T {
  let x = input;
  for (let i = 0; i < config.blocks[stage - 1]!; i++) {
    const resize = i === 0 && stage > 1 ? 'down' : null;
    const reshapes = resize !== null || (i === 0 && config.expansion > 1);
    x = block(ops, x, `${name}.${i}`, config, { resize, reshapes, act: 'relu' });
  }
  return x;
}

interface BlockKind {
  readonly resize: 'up' | 'down' | null;
  /** Whether the shortcut has a convolution. */
  readonly reshapes: boolean;
  readonly act: 'relu' | 'gelu';
}

/** Two convolutions, the first of which resizes, or three, of which the second does. */
function block<T>(
  ops: ClassifierOps<T>,
  input: T,
  name: string,
  { expansion }: ResNetConfig,
  { resize, reshapes, act }: BlockKind,
): T {
  const layer = (conv: string, norm: string, resizes: boolean, then: PeerActivation): ConvNorm => ({
    conv: `${name}.${conv}`,
    norm: `${name}.${norm}`,
    stride: resizes && resize === 'down' ? 2 : 1,
    up: resizes && resize === 'up',
    act: then,
  });
  const shortcut = resize === 'up' ? 'upsample' : 'downsample';
  const short = reshapes ? ops.convNorm(input, layer(`${shortcut}.0`, `${shortcut}.1`, true, null)) : input;
  const [convs, resizing] = expansion === 1 ? [2, 1] : [3, 2];
  let x = input;
  for (let i = 1; i <= convs; i++) {
    x = ops.convNorm(x, layer(`conv${i}`, `bn${i}`, i === resizing, i < convs ? act : null));
  }
  return ops.join(x, short, act);
}
