/** Random tensors for benchmarks: hardware is faster on zeros than on real data. */
import { initialize, type StateDict } from '../nn/init.ts';
import type { ParameterSpec } from '../nn/parameterSpec.ts';
import { RandomStream } from '../random.ts';
import { product } from '../shape.ts';

/** A fresh network's tensors, with batch norms that change something: 1 +- 0.2, 0 +- 0.2, mean 0 +- 0.2, variance 1 +- 0.5. */
export function randomTensors(specs: readonly ParameterSpec[], seed: number): StateDict {
  const tensors = initialize(specs, seed);
  for (const [index, { name, shape }] of specs.entries()) {
    if (shape.length !== 1 || name.startsWith('fc.')) continue;
    const variance = name.endsWith('running_var');
    const centre = variance || name.endsWith('weight') ? 1 : 0;
    const data = randomNumbers(product(shape), seed, index).map((v) => centre + v * (variance ? 0.5 : 0.2));
    tensors.set(name, { shape, data });
  }
  return tensors;
}

/** Uniform in [-1, 1). */
export function randomNumbers(count: number, seed: number, stream: number): Float32Array {
  const random = new RandomStream(seed, stream);
  return Float32Array.from({ length: count }, () => 2 * random.next() - 1);
}
