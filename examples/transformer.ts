/** A small transformer learns to write this file, character by character. `npx tsx examples/transformer.ts 300`: steps. */
import { readFileSync } from 'node:fs';
import * as wgad from 'wgad';
import * as nn from 'wgad/nn';

type Named = Readonly<Record<string, wgad.Value>>;
const steps = Number(process.argv[2] ?? 300);
const text = readFileSync(new URL(import.meta.url), 'utf8');
const letters = [...new Set(text)].sort();
const codes = Int32Array.from(text, (letter) => letters.indexOf(letter));
const [BATCH, LENGTH, WIDTH] = [8, 32, 64];

/** Letters [N, L] -> logits of the next letter at each place, [N, L, letters]. */
function net(layers: wgad.Layers, at: wgad.Value): wgad.Value {
  const places = wgad.constant([...Array(LENGTH).keys()], [LENGTH], 'i32');
  let x = wgad.add(
    nn.embedding(layers, 'letters', at, letters.length, WIDTH),
    nn.embedding(layers, 'places', places, LENGTH, WIDTH),
  );
  for (const block of ['block1', 'block2']) {
    x = wgad.within(layers, block, (inner) => {
      const norm = nn.layerNorm(inner, 'norm1', x);
      const heads = { heads: 4, causal: true };
      const y = wgad.add(x, nn.multiHeadAttention(inner, 'attention', norm, norm, norm, heads));
      const wide = wgad.gelu(nn.linear(inner, 'linear1', nn.layerNorm(inner, 'norm2', y), 4 * WIDTH));
      return wgad.add(y, nn.linear(inner, 'linear2', wide, WIDTH));
    });
  }
  return nn.linear(layers, 'head', nn.layerNorm(layers, 'norm', x), letters.length);
}

const engine = await wgad.Engine.create();
const specs = wgad.declare((layers) => net(layers, wgad.input('at', [BATCH, LENGTH], 'i32')));
const params = engine.load(wgad.initialize(specs, 0));
const lossOf = (p: Named, at: wgad.Value, next: wgad.Value): wgad.Value =>
  wgad.crossEntropy(wgad.permute(net(wgad.layersOf(p), at), [0, 2, 1]), next);
const step = engine.compile(wgad.valueAndGrad(lossOf));
/** The letters of a step, or those that follow them. */
const read = (step: number, shift: number): wgad.Tensor => {
  const row = (at: number) => (7919 * (step * BATCH + Math.floor(at / LENGTH))) % (codes.length - 2 * LENGTH);
  const all = Int32Array.from({ length: BATCH * LENGTH }, (_, at) => codes[row(at) + (at % LENGTH) + shift]!);
  return engine.tensor(all, [BATCH, LENGTH]);
};
const optimiser = engine.optimiser(wgad.adamw({ lr: 3e-3 }), params);
for (let i = 0; i < steps; i++) {
  const [at, next] = [read(i, 0), read(i, 1)];
  const { loss, grads } = await step(params, at, next);
  await optimiser.step(grads);
  if (i % 50 === 0 || i === steps - 1) console.log(`step ${i}, loss ${(await loss.data())[0]!.toFixed(4)}`);
  engine.free([at, next, loss, grads]);
}
const likeliest = engine.compile((p: Named, at: wgad.Value) => wgad.argmax(net(wgad.layersOf(p), at), 2));
const written = [...codes.subarray(0, LENGTH)];
while (written.length < 3 * LENGTH) {
  const at = engine.tensor(Int32Array.from(written.slice(-LENGTH)), [1, LENGTH]);
  written.push((await (await likeliest(params, at)).data())[LENGTH - 1]!);
}
console.log(written.map((code) => letters[code]).join(''));
engine.dispose();
