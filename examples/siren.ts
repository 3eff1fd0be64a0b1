/** A network of sines (SIREN, Sitzmann et al. 2020) learns a picture: place -> brightness. `npx tsx examples/siren.ts 300`. */
import * as wgad from 'wgad';
import * as nn from 'wgad/nn';

const steps = Number(process.argv[2] ?? 300);
const [SIDE, WIDTH, FREQUENCY] = [32, 64, 30];

/** Uniform in +-bound. */
const within =
  (bound: number): wgad.Initializer =>
  (shape, random) =>
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.between(-bound, bound));

/** Places [N, 2] in -1 to 1 -> brightness [N, 1]. */
function net(layers: wgad.Layers, places: wgad.Value): wgad.Value {
  const sine = (name: string, x: wgad.Value, bound: number): wgad.Value =>
    wgad.sin(wgad.scale(nn.linear(layers, name, x, WIDTH, { weightInit: within(bound) }), FREQUENCY));
  const bound = Math.sqrt(6 / WIDTH) / FREQUENCY;
  const hidden = sine('fc3', sine('fc2', sine('fc1', places, 1 / 2), bound), bound);
  return nn.linear(layers, 'out', hidden, 1, { weightInit: within(bound) });
}

const places = new Float32Array(2 * SIDE * SIDE);
const picture = new Float32Array(SIDE * SIDE);
for (let i = 0; i < SIDE * SIDE; i++) {
  const [x, y] = [(2 * (i % SIDE) + 1) / SIDE - 1, (2 * Math.floor(i / SIDE) + 1) / SIDE - 1];
  places.set([x, y], 2 * i);
  // Rings, cut by an edge.
  picture[i] = x + y > 0.4 ? -0.5 : Math.cos(12 * Math.hypot(x, y));
}

const engine = await wgad.Engine.create();
const at = engine.tensor(places, [SIDE * SIDE, 2]);
const goal = engine.tensor(picture, [SIDE * SIDE, 1]);
const specs = wgad.declare((layers) => net(layers, at.value));
const params = engine.load(wgad.initialize(specs, 0));
const step = engine.compile(
  wgad.valueAndGrad((weights) => wgad.mseLoss(net(wgad.layersOf(weights), at.value), goal.value)),
);
const optimiser = engine.optimiser(wgad.adam({ lr: 1e-3 }), params);
for (let i = 0; i < steps; i++) {
  const { loss, grads } = await step(params);
  await optimiser.step(grads);
  if (i % 50 === 0 || i === steps - 1) {
    // Of values between -1 and 1.
    console.log(`step ${i}, PSNR ${(10 * Math.log10(4 / (await loss.data())[0]!)).toFixed(2)} dB`);
  }
  engine.free({ loss, grads });
}
engine.dispose();
