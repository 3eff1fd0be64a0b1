/**
 * Second derivatives in a loss: a network u(x) that is 0 at 0 and 1 solves u'' = -pi^2 sin(pi x), whose solution is sin(pi x).
 * `npx tsx examples/poisson.ts 300`: steps.
 */
import * as wgad from 'wgad';
import * as nn from 'wgad/nn';

const steps = Number(process.argv[2] ?? 300);
const POINTS = 64;

/** x [N, 1] -> u [N, 1], 0 at both ends whatever the weights. */
function solution(layers: wgad.Layers, x: wgad.Value): wgad.Value {
  const first = wgad.tanh(nn.linear(layers, 'fc1', x, 32));
  const second = wgad.tanh(nn.linear(layers, 'fc2', first, 32));
  return wgad.mul(wgad.mul(x, wgad.sub(1, x)), nn.linear(layers, 'fc3', second, 1));
}

/** df/dx at each point, where f at a point depends on its own x alone. */
const slope = (f: wgad.Value, x: wgad.Value): wgad.Value => wgad.grad(wgad.sum(f), [x])[0]!;

function loss(weights: Readonly<Record<string, wgad.Value>>, x: wgad.Value): wgad.Value {
  const curvature = slope(slope(solution(wgad.layersOf(weights), x), x), x);
  const wanted = wgad.scale(wgad.sin(wgad.scale(x, Math.PI)), -(Math.PI ** 2));
  return wgad.mseLoss(curvature, wanted);
}

const engine = await wgad.Engine.create();
const specs = wgad.declare((layers) => solution(layers, wgad.input('x', [POINTS, 1])));
const params = engine.load(wgad.initialize(specs, 0));
const x = engine.tensor(
  Float32Array.from({ length: POINTS }, (_, i) => (i + 0.5) / POINTS),
  [POINTS, 1],
);
const step = engine.compile(wgad.valueAndGrad(loss));
const optimiser = engine.optimiser(wgad.adam({ lr: 1e-2 }), params);
for (let i = 0; i < steps; i++) {
  const found = await step(params, x);
  await optimiser.step(found.grads, wgad.cosineRate({ lr: 1e-2, steps })(i));
  if (i % 100 === 0)
    console.log(`step ${i}, residual ${Math.sqrt((await found.loss.data())[0]!).toFixed(4)}`);
  engine.free(found);
}
const u = engine.compile((weights: Readonly<Record<string, wgad.Value>>, x: wgad.Value) =>
  solution(wgad.layersOf(weights), x),
);
const [places, values] = [await x.data(), await (await u(params, x)).data()];
const error = Math.max(...values.map((value, i) => Math.abs(value - Math.sin(Math.PI * places[i]!))));
console.log(`largest error ${error.toFixed(5)}`);
engine.dispose();
