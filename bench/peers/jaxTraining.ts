/** RevDist's training step in jax-js: its autodiff over the same layers and AdamW by hand, all in one `jit`. */
import type { StateDict } from '../../src/nn/init.ts';
import { product } from '../../src/shape.ts';
import { convolve, frozenOps, frozenTree, imageFeed, type Jax, type JaxArray, type JaxTree } from './jax.ts';
import { encoderFeatures, type PeerActivation, type RevdistOps, rebuiltFeatures } from './networks.ts';
import type { AdamW, PeerStart, PeerTraining } from './peer.ts';

const KEPT = 0.9;
const EPS = 1e-5;
const NORM_FLOOR = 1e-8;

type Step = (
  encoder: JaxTree,
  state: TrainingState,
  images: JaxArray,
  settings: readonly JaxArray[],
) => [JaxArray, TrainingState];

/** What a step takes over and hands back. A type, not an interface: jax-js asks that of its trees. */
type TrainingState = {
  readonly trained: JaxTree;
  readonly m: JaxTree;
  readonly v: JaxTree;
  readonly statistics: JaxTree;
};

export function jaxTraining(jax: Jax, start: PeerStart, optimiser: AdamW): PeerTraining {
  const { config } = start;
  const [beta1, beta2] = optimiser.betas;
  const encoder = frozenTree(jax, start, (ops) => encoderFeatures(ops, null, config));
  const feed = imageFeed(jax, start);
  let state = startState(jax, start.tensors);

  const body: Step = (frozen, before, images, [rate, correction]) => {
    const features = encoderFeatures(frozenOps(jax, frozen), images, config);
    const loss = (trained: JaxTree): readonly [JaxArray, JaxTree] => {
      const measured: JaxTree = {};
      const rebuilt = rebuiltFeatures(trainedOps(jax, trained, measured), features, config);
      const terms = rebuilt.map((each, i) => cosineDistance(jax, features[i]!, each));
      return [terms.reduce((sum, term) => sum.add(term)), measured];
    };
    const [[value, measured], gradients] = jax.valueAndGrad(loss, { hasAux: true })(
      jax.tree.ref(before.trained),
    );
    const after = adamw(jax, before, gradients, optimiser, rate!, correction!);
    return [value, { ...after, statistics: followed(before.statistics, measured) }];
  };
  const step = jax.jit(body);

  let steps = 0;
  return {
    async step(turn) {
      steps += 1;
      const settings = [optimiser.lr / (1 - beta1 ** steps), Math.sqrt(1 - beta2 ** steps)].map((each) =>
        jax.numpy.array(Float32Array.of(each)),
      );
      const [value, after] = step(jax.tree.ref(encoder), state, feed(turn), settings);
      state = after;
      await jax.blockUntilReady(state);
      return (await value.data())[0]!;
    },
    async moments() {
      const moments: StateDict = new Map();
      for (const [name, moment] of Object.entries(state.m)) {
        moments.set(name, { shape: moment.shape, data: await moment.ref.data() });
      }
      return moments;
    },
    async close() {
      step.dispose();
      jax.tree.dispose([encoder, state]);
    },
  };
}

/** Bottleneck and decoder, with an optimiser that has seen nothing. */
function startState({ numpy }: Jax, tensors: StateDict): TrainingState {
  const state = { trained: {}, m: {}, v: {}, statistics: {} } as Record<keyof TrainingState, JaxTree>;
  for (const [name, { shape, data }] of tensors) {
    if (name.startsWith('encoder.')) continue;
    const running = /\.running_(mean|var)$/.test(name);
    state[running ? 'statistics' : 'trained'][name] = numpy.array(data, { shape });
    if (running) continue;
    for (const moment of ['m', 'v'] as const) {
      state[moment][name] = numpy.array(new Float32Array(data.length), { shape });
    }
  }
  return state;
}

/** Layers that learn, with batch statistics, which go to `measured` for the running ones. */
function trainedOps(jax: Jax, trained: JaxTree, measured: JaxTree): RevdistOps<JaxArray> {
  const { lax, nn, numpy } = jax;
  const activated = (x: JaxArray, act: PeerActivation): JaxArray =>
    act === null ? x : act === 'relu' ? nn.relu(x) : nn.gelu(x, { approximate: false });
  return {
    ...frozenOps(jax, {}),
    convNorm(x, { conv, norm, stride, up, act }) {
      const weight = trained[`${conv}.weight`]!;
      const y = up ? upsample(jax, x, weight) : convolve(jax, x, weight, stride);
      const over = [0, 2, 3];
      const mean = numpy.mean(y.ref, over, { keepdims: true });
      const centred = y.ref.sub(mean.ref);
      const variance = numpy.mean(numpy.square(centred.ref), over, { keepdims: true });
      const count = product(over.map((axis) => y.shape[axis]!));
      const channels = y.shape[1]!;
      const report = (name: string, value: JaxArray): void => {
        measured[`${norm}.${name}`] = lax.stopGradient(value.reshape([channels]));
      };
      report('running_mean', mean.ref);
      report('running_var', variance.ref.mul(count / (count - 1)));
      const perChannel = (name: string): JaxArray =>
        trained[`${norm}.${name}`]!.ref.reshape([1, channels, 1, 1]);
      const normed = centred.div(numpy.sqrt(variance.ref.add(EPS)));
      return activated(normed.mul(perChannel('weight')).add(perChannel('bias')), act);
    },
    join: (a, b, act) => activated(a.ref.add(b.ref), act),
    concat: (parts) =>
      numpy.concatenate(
        parts.map((part) => part.ref),
        1,
      ),
  };
}

/**
 * Transposed convolution 2x2, stride 2, as the 1x1 convolution and depth-to-space that it is: jax-js's own
 * `convTranspose` computes wrong numbers on WebGPU for some shapes (bench/README.md), and this is less work.
 */
function upsample({ lax }: Jax, x: JaxArray, weight: JaxArray): JaxArray {
  const [n, into, h, w] = x.shape as [number, number, number, number];
  const out = weight.shape[1]!;
  const pointwise = weight.ref.transpose([1, 2, 3, 0]).reshape([4 * out, into, 1, 1]);
  const deep = lax
    .conv(
      x.ref,
      pointwise,
      [1, 1],
      [
        [0, 0],
        [0, 0],
      ],
    )
    .reshape([n, out, 2, 2, h, w]);
  return deep.transpose([0, 1, 4, 2, 5, 3]).reshape([n, out, 2 * h, 2 * w]);
}

/** One cosine per sample over everything, 1 - cos, mean over the batch. */
function cosineDistance({ numpy }: Jax, a: JaxArray, b: JaxArray): JaxArray {
  const flat = (x: JaxArray): JaxArray => x.ref.reshape([x.shape[0]!, product(x.shape.slice(1))]);
  const [p, q] = [flat(a), flat(b)];
  const norm = (x: JaxArray): JaxArray =>
    numpy.maximum(numpy.sqrt(numpy.sum(numpy.square(x.ref), 1)), NORM_FLOOR);
  const cosine = numpy.sum(p.ref.mul(q.ref), 1).div(norm(p).mul(norm(q)));
  return numpy.mean(cosine.mul(-1).add(1));
}

function adamw(
  { numpy }: Jax,
  { trained, m, v }: TrainingState,
  gradients: JaxTree,
  { betas: [beta1, beta2], eps, lr, weightDecay }: AdamW,
  rate: JaxArray,
  correction: JaxArray,
): Omit<TrainingState, 'statistics'> {
  const after = { trained: {}, m: {}, v: {} } as Record<'trained' | 'm' | 'v', JaxTree>;
  for (const [name, gradient] of Object.entries(gradients)) {
    const first = m[name]!.ref.mul(beta1).add(gradient.ref.mul(1 - beta1));
    const second = v[name]!.ref.mul(beta2).add(numpy.square(gradient.ref).mul(1 - beta2));
    const divisor = numpy.sqrt(second.ref).div(correction.ref).add(eps);
    const moved = first.ref.mul(rate.ref).div(divisor);
    after.m[name] = first;
    after.v[name] = second;
    after.trained[name] = trained[name]!.ref.mul(1 - lr * weightDecay).sub(moved);
  }
  return after;
}

const followed = (running: JaxTree, measured: JaxTree): JaxTree =>
  Object.fromEntries(
    Object.entries(running).map(([name, before]) => [
      name,
      before.ref.mul(KEPT).add(measured[name]!.ref.mul(1 - KEPT)),
    ]),
  );
