import { describe, expect, it } from 'vitest';
import { randomTensors } from '../../src/bench/randomNetwork.ts';
import { input } from '../../src/graph/value.ts';
import { ALIGNMENTS } from '../../src/methods/alignments/index.ts';
import { DETECTOR_NAMES, type DetectorName } from '../../src/methods/detectors.ts';
import type { StateDict } from '../../src/nn/init.ts';
import { fromOnnx } from '../../src/onnx/index.ts';
import { newConfig } from '../../src/run/config.ts';
import { runLayouts } from '../../src/run/networkLayouts.ts';
import type { RunConfig } from '../../src/run/settings.ts';
import { onnxModel } from '../../src/score/onnxModel.ts';
import type { TensorSource } from '../../src/weights/tensorSource.ts';

/** What keeps the networks small. */
const SMALL: Partial<Record<DetectorName, object>> = {
  draem: { width: 4 },
  patchcore: { memoryRows: 50 },
  cfa: { memoryRows: 50 },
};
const CLASSES = ['cable', 'capsule', 'grid'];

function runOf(method: DetectorName): { config: RunConfig; source: TensorSource } {
  const config: RunConfig = {
    ...newConfig({
      method,
      data: 'data',
      out: 'out',
      encoder: 'resnet18_w16',
      size: 64,
      ...SMALL[method],
    } as never),
    align: ALIGNMENTS,
  };
  const { parts, heads } = runLayouts(config, CLASSES.length);
  const specs = [...parts, ...Object.values(heads)].flatMap(({ parameters, buffers }) => [
    ...parameters.specs,
    ...buffers.specs,
  ]);
  const tensors: StateDict = randomTensors(specs, 1);
  tensors.set('table', { shape: [3, 2], data: Float32Array.of(0.1, 1, 0.2, 2, 0.3, 3) });
  return {
    config,
    source: {
      path: 'weights.safetensors',
      tensors,
      metadata: new Map([['classes', JSON.stringify(CLASSES)]]),
      notes: [],
      read: async (name) => tensors.get(name)!.data,
      close: async () => {},
    },
  };
}

describe.each(DETECTOR_NAMES)('%s as an ONNX model', (method) => {
  const { config, source } = runOf(method);

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
      for (const [name, tensor] of network.state) expect(tensor, name).toEqual(source.tensors.get(name));
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
