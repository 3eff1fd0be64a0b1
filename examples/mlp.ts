/** A multilayer perceptron learns on which of two spirals a point lies. Run it by `npx tsx examples/mlp.ts`. */
import {
  adamw,
  binaryCrossEntropy,
  declare,
  Engine,
  initialize,
  input,
  type Layers,
  layersOf,
  tanh,
  type Value,
  valueAndGrad,
} from 'wgad';
import * as nn from 'wgad/nn';

const POINTS = 256;
const STEPS = 200;

/** Points [N, 2] -> logits [N, 1]. */
function net(layers: Layers, x: Value): Value {
  const first = tanh(nn.linear(layers, 'fc1', x, 32));
  const second = tanh(nn.linear(layers, 'fc2', first, 32));
  return nn.linear(layers, 'fc3', second, 1);
}

const points = new Float32Array(2 * POINTS);
const labels = new Float32Array(POINTS);
for (let i = 0; i < POINTS; i++) {
  const turn = (4 * i) / POINTS + 0.5;
  labels[i] = i % 2;
  points.set([turn * Math.sin(turn + Math.PI * (i % 2)), turn * Math.cos(turn + Math.PI * (i % 2))], 2 * i);
}

const engine = await Engine.create();
const specs = declare((layers) => net(layers, input('x', [POINTS, 2])));
const params = engine.load(initialize(specs, 0));
const x = engine.tensor(points, [POINTS, 2]);
const y = engine.tensor(labels, [POINTS, 1]);
const step = engine.compile(
  valueAndGrad((weights, x: Value, y: Value) => binaryCrossEntropy(net(layersOf(weights), x), y)),
);
const optimiser = engine.optimiser(adamw({ lr: 1e-2 }), params);
for (let i = 0; i < STEPS; i++) {
  const { loss, grads } = await step(params, x, y);
  await optimiser.step(grads);
  if (i % 100 === 0 || i === STEPS - 1) console.log(`step ${i}, loss ${(await loss.data())[0]!.toFixed(4)}`);
  engine.free({ loss, grads });
}

const judge = engine.compile((weights: Readonly<Record<string, Value>>, x: Value) =>
  net(layersOf(weights), x),
);
const logits = await (await judge(params, x)).data();
const right = labels.filter((label, i) => logits[i]! > 0 === label > 0).length;
console.log(`${right} of ${POINTS} points right`);
engine.dispose();
