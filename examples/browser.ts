/** In a page (browser.html): a network learns on which side of a curve points lie, and paints what it believes. */
import * as wgad from 'wgad';
import * as nn from 'wgad/nn';

const [SIDE, STEPS] = [64, 200];
const canvas = document.querySelector<HTMLCanvasElement>('#picture')!;
const context = canvas.getContext('2d')!;
const state = document.querySelector<HTMLElement>('#state')!;

/** Places [N, 2] in -1 to 1 -> logits [N, 1]. */
function net(layers: wgad.Layers, places: wgad.Value): wgad.Value {
  const hidden = wgad.tanh(nn.linear(layers, 'fc1', places, 32));
  return nn.linear(layers, 'fc3', wgad.tanh(nn.linear(layers, 'fc2', hidden, 32)), 1);
}

const grid = Float32Array.from({ length: 2 * SIDE * SIDE }, (_, i) => {
  const place = Math.floor(i / 2);
  return ((i % 2 === 0 ? place % SIDE : Math.floor(place / SIDE)) * 2 + 1) / SIDE - 1;
});
const sides = Float32Array.from({ length: SIDE * SIDE }, (_, i) =>
  Number(grid[2 * i + 1]! > 0.5 * Math.sin(5 * grid[2 * i]!)),
);

const engine = await wgad.Engine.create();
const places = engine.tensor(grid, [SIDE * SIDE, 2]);
const labels = engine.tensor(sides, [SIDE * SIDE, 1]);
const params = engine.load(
  wgad.initialize(
    wgad.declare((layers) => net(layers, places.value)),
    0,
  ),
);
const step = engine.compile(
  wgad.valueAndGrad(
    (weights: Readonly<Record<string, wgad.Value>>) => {
      const logits = net(wgad.layersOf(weights), places.value);
      return { loss: wgad.binaryCrossEntropy(logits, labels.value), aux: wgad.sigmoid(logits) };
    },
    { aux: true },
  ),
);
const optimiser = engine.optimiser(wgad.adamw({ lr: 1e-2 }), params);
for (let i = 1; i <= STEPS; i++) {
  const { loss, aux, grads } = await step(params);
  await optimiser.step(grads);
  if (i % 20 === 0) {
    const picture = context.createImageData(SIDE, SIDE);
    (await aux.data()).forEach((belief, at) => {
      picture.data.set([255 * belief, 96, 255 * (1 - belief), 255], 4 * at);
    });
    context.putImageData(picture, 0, 0);
    state.textContent = `step ${i} of ${STEPS}, loss ${(await loss.data())[0]!.toFixed(4)}`;
  }
  engine.free([loss, aux, grads]);
}
engine.dispose();
