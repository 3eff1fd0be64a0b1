import { describe, expect, it } from 'vitest';
import { input } from '../../src/graph/value.ts';
import { ALIGNMENTS } from '../../src/methods/alignments/index.ts';
import { DETECTOR_NAMES } from '../../src/methods/detectors.ts';
import { fromOnnx } from '../../src/onnx/index.ts';
import { onnxModel } from '../../src/score/onnxModel.ts';
import { drawnRun } from './drawnRun.ts';

describe.each(DETECTOR_NAMES)('%s as an ONNX model', (method) => {
  const { config, source, tensors } = drawnRun(method);

  it.each(ALIGNMENTS)(
    'takes pixels and gives score, verdict and map under the alignment %s',
    async (alignment) => {
      const bytes = await onnxModel(config, source, { alignment, threshold: 0.5, batch: 2 });
      const network = fromOnnx(bytes);
      const readsClasses = alignment === 'class';
      expect(network.inputs.map(({ name, type, shape }) => [name, type, shape])).toEqual([
        ['pixels', 'uint8', [2, 3, 64, 64]],
        ...(readsClasses ? [['labels', 'int32', [2]]] : []),
      ]);
      expect(network.outputs.map(({ name, type, shape }) => [name, type, shape])).toEqual([
        ['score', 'float', [2]],
        ['verdict', 'bool', [2]],
        ['map', 'float', [2, 64, 64]],
      ]);
      for (const [name, tensor] of network.state) {
        const stored = tensors.get(name)!;
        expect(tensor.shape, name).toEqual(stored.shape);
        // As bytes: element by element it takes minutes.
        expect(bytesOf(tensor.data).equals(bytesOf(stored.data)), name).toBe(true);
      }
      expect(network.state.size).toBeGreaterThan(20);
      const state = Object.fromEntries(
        [...network.state].map(([name, { shape }]) => [name, input(name, shape)]),
      );
      const pixels = input('pixels', [2, 3, 64, 64], 'u32');
      const found = network.fn(state, {
        pixels,
        ...(readsClasses && { labels: input('labels', [2], 'i32') }),
      });
      expect(Object.values(found).map(({ shape }) => shape)).toEqual([[2], [2], [2, 64, 64]]);
    },
  );

  it('has no verdict without a threshold, and no tiles', async () => {
    const bytes = await onnxModel(config, source, { alignment: 'none', threshold: null, batch: 1 });
    expect(fromOnnx(bytes).outputs.map(({ name }) => name)).toEqual(['score', 'map']);
    const tiled = onnxModel({ ...config, size: 128, tile: 64 }, source, {
      alignment: 'none',
      threshold: null,
      batch: 1,
    });
    await expect(tiled).rejects.toThrow('whose maps are blended outside its graph');
  });
});

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);
