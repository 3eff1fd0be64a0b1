import { randomTensors } from '../../src/bench/randomNetwork.ts';
import { ALIGNMENTS } from '../../src/methods/alignments/index.ts';
import type { DetectorName } from '../../src/methods/detectors.ts';
import type { StateDict } from '../../src/nn/init.ts';
import { newConfig } from '../../src/run/config.ts';
import { runLayouts } from '../../src/run/networkLayouts.ts';
import type { RunConfig } from '../../src/run/settings.ts';
import type { TensorSource } from '../../src/weights/tensorSource.ts';

/** What keeps the networks small. */
const SMALL: Partial<Record<DetectorName, object>> = {
  draem: { width: 4 },
  patchcore: { memoryRows: 50 },
  cfa: { memoryRows: 50 },
};
const CLASSES = ['cable', 'capsule', 'grid'];

/** A run with random weights, as if it had been trained with every alignment. */
export function drawnRun(method: DetectorName): {
  config: RunConfig;
  source: TensorSource;
  tensors: StateDict;
} {
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
    tensors,
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
