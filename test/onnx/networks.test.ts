import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { grad } from '../../src/autograd/reverse.ts';
import { sum } from '../../src/graph/ops/reduce.ts';
import { input, topological, type Value } from '../../src/graph/value.ts';
import { fromOnnx, toOnnx } from '../../src/onnx/index.ts';
import { Engine } from '../../src/runtime/engine.ts';
import { product, type Shape } from '../../src/shape.ts';

const goldens = new URL('../goldens/onnx/', import.meta.url);

/** The first use of a kernel compiles for seconds on a software adapter. */
const SLOW = 400_000;

interface Golden {
  readonly images: Shape;
  readonly logits: readonly number[];
}

let opened: Promise<Engine> | undefined;
const engineOf = (): Promise<Engine> => (opened ??= Engine.create());
afterAll(async () => (await opened)?.dispose());

async function run(bytes: Uint8Array, shape: Shape): Promise<ArrayLike<number>> {
  const engine = await engineOf();
  const network = fromOnnx(bytes);
  const weights = engine.load(network.state);
  const compiled = engine.compile((images: Value) => network.fn(weights, { images }));
  const images = Float32Array.from({ length: product(shape) }, (_, i) => Math.sin(i));
  const { logits } = await compiled(engine.tensor(images, shape));
  const numbers = await logits!.data();
  compiled.dispose();
  return numbers;
}

describe.each(['resnet18', 'mobilenet_v2', 'vit'])('%s of torchvision (tools/onnx_networks.py)', (name) => {
  const bytes = readFileSync(new URL(`${name}.onnx`, goldens));
  const golden = JSON.parse(readFileSync(new URL(`${name}.json`, goldens), 'utf8')) as Golden;

  it(
    'computes what PyTorch does, and the same after a way through toOnnx',
    async () => {
      const logits = await run(bytes, golden.images);
      const largest = Math.max(...golden.logits.map(Math.abs));
      expect(logits.length).toBe(golden.logits.length);
      golden.logits.forEach((expected, i) => {
        expect(Math.abs(logits[i]! - expected) / largest, `logit ${i}`).toBeLessThan(1e-4);
      });
      const { fn, state } = fromOnnx(bytes);
      const again = toOnnx(
        (weights: Record<string, Value>, inputs: { images: Value }) => fn(weights, inputs),
        [{ images: { shape: golden.images } }],
        { state },
      );
      expect(Array.from(await run(again, golden.images))).toEqual(Array.from(logits));
    },
    SLOW,
  );

  it('has a derivative by each of its tensors', () => {
    const { fn, state } = fromOnnx(bytes);
    const weights = Object.fromEntries([...state].map(([key, { shape }]) => [key, input(key, shape)]));
    const { logits } = fn(weights, { images: input('images', golden.images) });
    // Two blocks, each with the fused attention: nothing of softmax and of single heads is left.
    expect(topological([logits!]).filter(({ op }) => op === 'attention').length).toBe(name === 'vit' ? 2 : 0);
    const gradients = grad(sum(logits!), Object.values(weights));
    expect(gradients.map(({ shape }) => shape)).toEqual(Object.values(weights).map(({ shape }) => shape));
  });
});
