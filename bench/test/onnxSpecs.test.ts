import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/errors.ts';
import { argmax, sum } from '../../src/graph/ops/reduce.ts';
import { cumsum } from '../../src/graph/ops/scan.ts';
import { gather } from '../../src/graph/ops/select.ts';
import { topK } from '../../src/graph/ops/topK.ts';
import { input, topological, type Value } from '../../src/graph/value.ts';
import { toOnnx } from '../../src/onnx/index.ts';
import { reasonAgainst } from '../../src/onnx/writing/rules.ts';
import { FAMILIES } from '../../src/specs/index.ts';
import { type Tensor64, tensor64 } from '../../src/specs/reference/tensor64.ts';
import { drawn, type OpSpec, type Sample } from '../../src/specs/spec.ts';
import { seeded } from '../../test/seed.ts';
import { findPackage, PEERS_FOLDER } from '../peers/install.ts';
import { type OnnxRuntime, openModel } from '../peers/onnxRuntime.ts';

const there = existsSync(join(PEERS_FOLDER, 'node_modules', 'onnxruntime-node'));

const valuesOf = ({ inputs, run }: Sample) =>
  topological([run(...inputs.map(({ shape, dtype }, i) => input(`x${i}`, shape, dtype)))]);

describe.each(Object.entries(FAMILIES))('%s', (_, family) => {
  it.skipIf(!there)('ONNX Runtime computes what the specs say', async () => {
    const runtime = findPackage('ort-cpu', 'onnxruntime-node').load() as OnnxRuntime;
    for (const [op, spec] of Object.entries(family) as [string, OpSpec][]) {
      for (const sample of spec.samples) {
        const where = `${op} ${sample.label}`;
        const example = sample.inputs.map(({ shape, dtype = 'f32' }) => ({ shape, dtype }));
        if (valuesOf(sample).some((value) => reasonAgainst(value) !== undefined)) {
          expect(() => toOnnx(sample.run, example), where).toThrow(ConfigError);
          continue;
        }
        const random = seeded(where);
        const data = sample.inputs.map((each) => drawn(each, random));
        const model = await openModel(runtime, 'ort-cpu', toOnnx(sample.run, example));
        const [result] = await model.run(
          data.map((numbers, i) => ({ data: numbers, shape: example[i]!.shape })),
        );
        await model.close();
        const expected = sample.reference(...data.map((numbers, i) => tensor64(example[i]!.shape, numbers)));
        expect(result!.dims, where).toEqual(expected.shape);
        expect(furthest(result!.data, expected), where).toBeLessThan(1e-4);
      }
    }
  });
});

it.skipIf(!there)(
  'u32, which ONNX Runtime lacks in many operators, is written so that it computes it',
  async () => {
    const runtime = findPackage('ort-cpu', 'onnxruntime-node').load() as OnnxRuntime;
    const data = Uint32Array.of(2 ** 31 - 1, 2 ** 32 - 2, 2 ** 31, 7, 0, 2 ** 32 - 1);
    const fn = (x: Value, at: Value) => [
      argmax(x, 1),
      topK(x, 2).values,
      topK(x, 2).indices,
      sum(x, { axes: [1] }),
      cumsum(x, 1),
      gather(x, at, 1),
    ];
    const example = [
      { shape: [2, 3], dtype: 'u32' as const },
      { shape: [2], dtype: 'i32' as const },
    ];
    const model = await openModel(runtime, 'ort-cpu', toOnnx(fn, example));
    const found = await model.run([
      { data, shape: [2, 3] },
      { data: Int32Array.of(2, 3), shape: [2] },
    ]);
    await model.close();
    expect(found.map((each) => Array.from(each.data))).toEqual([
      [1, 2],
      [2 ** 32 - 2, 2 ** 31, 2 ** 32 - 1, 7],
      [1, 2, 2, 0],
      [2 ** 32 - 3, 6],
      [2 ** 31 - 1, 2 ** 31 - 3, 2 ** 32 - 3, 7, 7, 6],
      [2 ** 31, 0, 2 ** 32 - 1, 0],
    ]);
  },
);

/** The largest distance, relative to what each element's rounding is measured against. */
function furthest(got: ArrayLike<number>, { data, magnitude }: Tensor64): number {
  let most = 0;
  data.forEach((value, i) => {
    const size = Math.max(1, Math.abs(value), magnitude?.[i] ?? 0);
    const distance = Object.is(value, Number(got[i])) ? 0 : Math.abs(Number(got[i]) - value) / size;
    if (!(distance <= most)) most = distance;
  });
  return most;
}
