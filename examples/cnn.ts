/** A convolutional network tells stripes, columns and checks apart. `npx tsx examples/cnn.ts cnn.safetensors 100` trains up
 * to step 100 and writes a checkpoint, from which the next run goes on as if it had never stopped. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import * as wgad from 'wgad';
import * as nn from 'wgad/nn';

type Named = Readonly<Record<string, wgad.Value>>;
const [path = 'cnn.safetensors', until = '100'] = process.argv.slice(2);
const [BATCH, SIDE] = [32, 16];

/** Images [N, 1, 16, 16] -> logits [N, 3]. */
function net(layers: wgad.Layers, images: wgad.Value): wgad.Value {
  const half = { stride: 2, padding: 1 };
  const first = wgad.relu(nn.batchNorm(layers, 'bn1', nn.conv2d(layers, 'conv1', images, 8, 3, half)));
  const second = wgad.relu(nn.batchNorm(layers, 'bn2', nn.conv2d(layers, 'conv2', first, 16, 3, half)));
  return nn.linear(layers, 'fc', nn.dropout(layers, wgad.globalAvgPool2d(second), 0.2), 3);
}

/** A step's images, each a pattern under noise, and which; the same whenever the step comes. */
function batch(step: number): [images: wgad.Tensor, labels: wgad.Tensor] {
  const labels = Int32Array.from({ length: BATCH }, (_, i) => (i + step) % 3);
  const pixels = Float32Array.from({ length: BATCH * SIDE * SIDE }, (_, at) => {
    const [x, y] = [((at + step) % SIDE) & 2, (Math.floor(at / SIDE) % SIDE) & 2];
    return [x, y, x ^ y][labels[Math.floor(at / SIDE ** 2)]!]! - 1 + 2 * Math.sin(at * at + 7919 * step);
  });
  return [engine.tensor(pixels, [BATCH, 1, SIDE, SIDE]), engine.tensor(labels, [BATCH])];
}

const engine = await wgad.Engine.create();
const specs = wgad.declare((layers) => net(layers, wgad.input('images', [BATCH, 1, SIDE, SIDE])));
const saved = existsSync(path) ? [...(await wgad.parseSafetensors(readFileSync(path)))] : [];
const isModel = new Set(specs.map(({ name }) => name));
const start = saved.length ? saved.filter(([name]) => isModel.has(name)) : wgad.initialize(specs, 0);
const { parameters, buffers } = wgad.splitState(specs, new Map(start));
const params = engine.load(parameters);
let running = engine.load(buffers);
const optimiser = engine.optimiser(wgad.sgd({ lr: 1e-2, momentum: 0.9, nesterov: true }), params);
if (saved.length > 0) await optimiser.restore(new Map(saved.filter(([name]) => !isModel.has(name))));
const lossOf = (p: Named, state: Named, images: wgad.Value, labels: wgad.Value, key: wgad.Value) => {
  const layers = wgad.layersOf({ ...p, ...state }, { training: true, key });
  return { loss: wgad.crossEntropy(net(layers, images), labels), aux: layers.runningStatistics(state) };
};
const step = engine.compile(wgad.valueAndGrad(lossOf, { aux: true }));
for (let i = optimiser.steps; i < Number(until); i++) {
  const [images, labels] = batch(i);
  const key = engine.tensor(Uint32Array.of(7, 0, i, 0), [4]);
  const { loss, aux, grads } = await step(params, running, images, labels, key);
  await optimiser.step(grads, wgad.warmUp(10, wgad.cosineRate({ lr: 5e-2, steps: 400 }))(i));
  if (i % 20 === 0) console.log(`step ${i}, loss ${(await loss.data())[0]!.toFixed(4)}`);
  engine.free([images, labels, key, loss, grads, running]);
  running = aux;
}
const judge = engine.compile((p: Named, x: wgad.Value) => wgad.argmax(net(wgad.layersOf(p), x), 1));
const [images] = batch(1e6);
const found = await (await judge({ ...params, ...running }, images)).data();
console.log(`${found.filter((label, i) => label === (i + 1e6) % 3).length} of ${BATCH} right`);
const model = await engine.stateDict({ ...params, ...running });
writeFileSync(path, wgad.toSafetensors(new Map([...model, ...(await optimiser.state())])));
engine.dispose();
