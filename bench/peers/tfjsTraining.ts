/** RevDist's training step in TensorFlow.js: its autodiff over the same layers, AdamW by hand. */
import type { StateDict } from '../../src/nn/init.ts';
import { product } from '../../src/shape.ts';
import { permute } from './layout.ts';
import { encoderFeatures, type PeerActivation, type RevdistOps, rebuiltFeatures } from './networks.ts';
import type { AdamW, PeerStart, PeerTraining } from './peer.ts';
import { filterOf, frozenOps, imageFeed, type Tensor, type Tfjs, type Variable } from './tfjs.ts';

/** What running statistics keep of themselves at a step. */
const KEPT = 0.9;
const EPS = 1e-5;
const NORM_FLOOR = 1e-8;

export function tfjsTraining(tf: Tfjs, start: PeerStart, optimiser: AdamW): PeerTraining {
  const encoder = frozenOps(tf, start);
  const feed = imageFeed(tf, start);
  const { trained, statistics, dispose } = variablesOf(tf, start.tensors);
  const ops = trainedOps(tf, trained, statistics);
  const adamw = adamwOf(tf, [...trained.values()], optimiser);

  const loss = (features: readonly [Tensor, Tensor, Tensor]): Tensor =>
    rebuiltFeatures(ops, features, start.config)
      .map((rebuilt, i) => cosineDistance(tf, features[i]!, rebuilt))
      .reduce((sum, term) => tf.add(sum, term));

  return {
    async step(turn) {
      const value = tf.tidy(() => {
        // Outside of what is differentiated, so nothing of the encoder is recorded.
        const features = encoderFeatures(encoder, feed(turn), start.config);
        const { value, grads } = tf.variableGrads(() => loss(features), [...trained.values()]);
        adamw.apply(grads);
        return value;
      });
      const [number] = await value.data();
      value.dispose();
      return number!;
    },
    async moments() {
      const moments: StateDict = new Map();
      for (const [name, moment] of adamw.moments) {
        const data = await moment.data();
        const filter = moment.shape.length === 4;
        // The order is its own inverse's: [k, k, in, out] back to [out, in, k, k].
        const back = [3, 2, 0, 1];
        moments.set(name, {
          shape: filter ? back.map((axis) => moment.shape[axis]!) : moment.shape,
          data: filter ? permute(data, moment.shape, back) : data,
        });
      }
      return moments;
    },
    async close() {
      encoder.dispose();
      dispose();
      adamw.dispose();
    },
  };
}

interface Variables {
  readonly trained: ReadonlyMap<string, Variable>;
  readonly statistics: ReadonlyMap<string, Variable>;
  dispose(): void;
}

/** Bottleneck and decoder: what is trained, and the running statistics. */
function variablesOf(tf: Tfjs, tensors: StateDict): Variables {
  const trained = new Map<string, Variable>();
  const statistics = new Map<string, Variable>();
  for (const [name, tensor] of tensors) {
    if (name.startsWith('encoder.')) continue;
    const running = /\.running_(mean|var)$/.test(name);
    const first = tensor.shape.length === 4 ? filterOf(tf, tensor) : tf.tensor(tensor.data, tensor.shape);
    (running ? statistics : trained).set(name, tf.variable(first, !running, name));
    first.dispose();
  }
  return {
    trained,
    statistics,
    dispose: () => tf.dispose([...trained.values(), ...statistics.values()]),
  };
}

/** Layers that learn: batch statistics, which the running ones follow. */
function trainedOps(
  tf: Tfjs,
  trained: ReadonlyMap<string, Variable>,
  statistics: ReadonlyMap<string, Variable>,
): RevdistOps<Tensor> {
  const activated = (x: Tensor, act: PeerActivation): Tensor =>
    act === null ? x : act === 'relu' ? tf.relu(x) : gelu(tf, x);
  const follow = (name: string, measured: Tensor): void => {
    const running = statistics.get(name)!;
    running.assign(tf.tidy(() => tf.add(tf.mul(running, KEPT), tf.mul(measured, 1 - KEPT))));
  };
  return {
    convNorm(x, { conv, norm, stride, up, act }) {
      const filter = trained.get(`${conv}.weight`)!;
      const [n, h, w] = x.shape as [number, number, number];
      const y = up
        ? tf.conv2dTranspose(x, filter, [n, 2 * h, 2 * w, filter.shape[2]!], 2, 'valid')
        : tf.conv2d(x, filter, stride, Math.floor(filter.shape[0]! / 2));
      const { mean, variance } = tf.moments(y, [0, 1, 2]);
      const count = product(y.shape.slice(0, 3));
      follow(`${norm}.running_mean`, mean);
      follow(`${norm}.running_var`, tf.mul(variance, count / (count - 1)));
      const [gain, shift] = [trained.get(`${norm}.weight`)!, trained.get(`${norm}.bias`)!];
      return activated(tf.batchNorm(y, mean, variance, shift, gain, EPS), act);
    },
    join: (a, b, act) => activated(tf.add(a, b), act),
    maxPool: (x) => tf.maxPool(x, 3, 2, 1),
    concat: (parts) => tf.concat(parts, 3),
  };
}

const gelu = (tf: Tfjs, x: Tensor): Tensor =>
  tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1));

/** One cosine per sample over everything, 1 - cos, mean over the batch. */
function cosineDistance(tf: Tfjs, a: Tensor, b: Tensor): Tensor {
  const flat = (x: Tensor): Tensor => tf.reshape(x, [x.shape[0]!, product(x.shape.slice(1))]);
  const [p, q] = [flat(a), flat(b)];
  const norm = (x: Tensor): Tensor => tf.maximum(tf.sqrt(tf.sum(tf.square(x), 1)), NORM_FLOOR);
  return tf.mean(tf.sub(1, tf.div(tf.sum(tf.mul(p, q), 1), tf.mul(norm(p), norm(q)))));
}

interface Optimiser {
  readonly moments: ReadonlyMap<string, Variable>;
  apply(gradients: Readonly<Record<string, Tensor>>): void;
  dispose(): void;
}

function adamwOf(tf: Tfjs, variables: readonly Variable[], config: AdamW): Optimiser {
  const { lr, eps, weightDecay } = config;
  const [beta1, beta2] = config.betas;
  const zeros = (suffix: string): Map<string, Variable> =>
    new Map(
      variables.map(({ name, shape }) => {
        const zero = tf.tensor(new Float32Array(product(shape)), shape);
        const made = tf.variable(zero, false, `${name} ${suffix}`);
        zero.dispose();
        return [name, made];
      }),
    );
  const [first, second] = [zeros('m'), zeros('v')];
  let steps = 0;
  return {
    moments: first,
    apply(gradients) {
      steps += 1;
      const rate = lr / (1 - beta1 ** steps);
      const correction = Math.sqrt(1 - beta2 ** steps);
      for (const variable of variables) {
        const gradient = gradients[variable.name]!;
        const [m, v] = [first.get(variable.name)!, second.get(variable.name)!];
        m.assign(tf.add(tf.mul(m, beta1), tf.mul(gradient, 1 - beta1)));
        v.assign(tf.add(tf.mul(v, beta2), tf.mul(tf.square(gradient), 1 - beta2)));
        const divisor = tf.add(tf.div(tf.sqrt(v), correction), eps);
        const moved = tf.div(tf.mul(m, rate), divisor);
        variable.assign(tf.sub(tf.mul(variable, 1 - lr * weightDecay), moved));
      }
    },
    dispose: () => tf.dispose([...first.values(), ...second.values()]),
  };
}
