import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GpuError, Tensor, Value } from '../../src/index.ts';
import * as wgad from '../../src/index.ts';

let engine: wgad.Engine;
beforeAll(async () => {
  engine = await wgad.Engine.create();
});
afterAll(() => engine?.dispose());

const each =
  (statement: string) =>
  ({ x }: { x: wgad.Shape }) =>
    `// A comment first.
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x;
  if (i >= ${x.reduce((a, b) => a * b, 1)}u) { return; }
  ${statement}
}`;
const groups = ({ x }: { x: wgad.Shape }): number => Math.ceil(x.reduce((a, b) => a * b, 1) / 64);

const numbers = async (tensor: Tensor): Promise<number[]> => Array.from(await tensor.data());

describe('an own kernel', () => {
  it('an own kernel of several results and types is an op like any other', async () => {
    const parts = engine.kernel({
      name: 'parts',
      inputs: { x: 'f32', bias: 'i32' },
      outputs: { whole: ({ x }) => x, direction: ({ x }) => x, first: [1] },
      dtype: 'i32',
      wgsl: each(
        'whole[i] = i32(x[i]) + bias[0]; direction[i] = i32(sign(x[i])); if (i == 0) { first[0] = 7; }',
      ),
      grid: groups,
    });
    const call = engine.compile((x: Value, bias: Value) => parts(wgad.scale(x, 2), bias));
    const { whole, direction, first } = await call(
      engine.tensor(
        Float32Array.from({ length: 70 }, (_, i) => i - 1.25),
        [70],
      ),
      engine.tensor(Int32Array.of(100), [1]),
    );
    expect((await numbers(whole)).slice(0, 4)).toEqual([98, 100, 101, 103]);
    expect((await numbers(direction)).slice(0, 4)).toEqual([-1, -1, 1, 1]);
    expect((await numbers(whole))[69]).toBe(235);
    expect(await numbers(first)).toEqual([7]);
    expect(whole.dtype).toBe('i32');
  });

  it('an own kernel has its name in plans, and its flops and bytes', () => {
    const twice = engine.kernel({
      name: 'twice',
      inputs: ['x'],
      outputs: { y: ({ x }) => x },
      wgsl: each('y[i] = 2.0 * x[i];'),
      grid: groups,
      flops: ({ x }) => x[0]!,
    });
    const plan = wgad.buildPlan(
      { outputs: new Map([['y', twice(wgad.input('x', [10]))]]), effects: [] },
      engine.facts,
    );
    const [{ kernel }] = plan.dispatches as [wgad.Plan['dispatches'][number]];
    expect(kernel).toMatchObject({ label: 'twice', flops: 10, bytes: 80, grid: [1, 1, 1] });
    expect(wgad.printPlan(plan)).toContain('twice');
  });

  it('what the compiler says of an own kernel names its own line, and the engine goes on', async () => {
    const wrong = engine.kernel({
      name: 'wrong',
      inputs: ['x'],
      outputs: { y: ({ x }) => x },
      wgsl: each('y[i] = x[i] + true;'),
      grid: groups,
    });
    const call = engine.compile((x: Value) => wrong(x));
    const x = engine.tensor([1], [1]);
    const error = await call(x).then(
      () => undefined,
      (thrown: GpuError) => thrown,
    );
    expect(error).toMatchObject({ code: 'E_GPU' });
    expect(error!.message).toMatch(/wrong: the shader does not compile:\nwrong:6:1\d /);
    expect(error!.fix).toMatch(/mend the kernel/);
    const right = engine.compile((each: Value) => wgad.scale(each, 2));
    expect(await numbers(await right(x))).toEqual([2]);
  });

  const plain = { name: 'plain', inputs: ['x'], outputs: { y: [1] }, wgsl: '', grid: 1 } as const;
  const x = wgad.input('x', [2, 3]);
  it.each<[string, string, () => unknown]>([
    ['kernel: name expects a text', 'E_CONFIG', () => engine.kernel({ ...plain, name: '' })],
    ['did you mean outputs', 'E_CONFIG', () => engine.kernel({ ...plain, output: [1] } as never)],
    [
      'kernel plain: x expects to be an input or an output',
      'E_CONFIG',
      () => engine.kernel({ ...plain, outputs: { x: [1] } }),
    ],
    [
      'kernel plain: names of arrays expect letters',
      'E_CONFIG',
      () => engine.kernel({ ...plain, inputs: ['a b'] }),
    ],
    [
      'kernel plain: outputs expect at least one name',
      'E_CONFIG',
      () => engine.kernel({ ...plain, outputs: {} }),
    ],
    [
      'kernel plain: x: dtype expects f32, i32 or u32',
      'E_DTYPE',
      () => engine.kernel({ ...plain, inputs: { x: 'f64' } } as never),
    ],
    ['plain: expects x, got nothing', 'E_DTYPE', () => engine.kernel(plain)()],
    ['plain: expects no further argument', 'E_CONFIG', () => engine.kernel(plain)(x, x)],
    ['plain: x expects f32, got i32', 'E_DTYPE', () => engine.kernel(plain)(wgad.cast(x, 'i32'))],
    ['plain: y', 'E_SHAPE', () => engine.kernel({ ...plain, outputs: { y: [-1] } })(x)],
    [
      'plain: grid expects one to three whole numbers',
      'E_SHAPE',
      () => engine.kernel({ ...plain, grid: [1.5] })(x),
    ],
    ['plain: wgsl expects a text', 'E_CONFIG', () => engine.kernel({ ...plain, wgsl: 3 as never })(x)],
    [
      'grad: no derivative flows through kernel plain: it has no vjp',
      'E_CONFIG',
      () => wgad.grad(wgad.sum(engine.kernel(plain)(x)), [x]),
    ],
    [
      'grad: the vjp of kernel plain gives no derivative by x',
      'E_CONFIG',
      () => wgad.grad(wgad.sum(engine.kernel({ ...plain, vjp: () => ({}) })(x)), [x]),
    ],
    [
      'vjp of kernel plain: x expects [2, 3], got [1]',
      'E_SHAPE',
      () =>
        wgad.grad(wgad.sum(engine.kernel({ ...plain, vjp: ({ cotangents: { y } }) => ({ x: y }) })(x)), [x]),
    ],
  ])('a wrong own kernel is refused: %s', (message, code, call) => {
    expect(call).toThrow(expect.objectContaining({ code, message: expect.stringContaining(message) }));
  });
});

describe('buffers', () => {
  // Known once a device was opened.
  const usage = (): number => GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;

  it('a buffer that is adopted is read and written in place, and stays the caller’s', async () => {
    const { device } = engine.gpu;
    const buffer = device.createBuffer({ size: 12, usage: usage() });
    device.queue.writeBuffer(buffer, 0, Float32Array.of(1, 2, 3));
    const tensor = engine.adopt(buffer, [3]);
    expect(await numbers(tensor)).toEqual([1, 2, 3]);
    const optimiser = engine.optimiser(wgad.sgd({ lr: 1 }), tensor);
    await optimiser.step(engine.tensor([1, 1, 1], [3]));
    expect(await numbers(tensor)).toEqual([0, 1, 2]);
    const before = engine.memory().live;
    tensor.dispose();
    expect(engine.memory().live).toBe(before);
    device.queue.writeBuffer(buffer, 0, Float32Array.of(4));
    expect(await numbers(engine.adopt(buffer, [1]))).toEqual([4]);
    buffer.destroy();
  });

  it('a tensor lends its buffer, and after `changed` what was computed ahead is computed again', async () => {
    const tensor = engine.tensor([1, 2], [2]);
    const { buffer, offset, size } = tensor.buffer;
    expect([offset, size]).toEqual([0, 8]);
    const twice = engine.compile((x: Value) => wgad.add(x, wgad.exp(wgad.scale(tensor, 0))));
    const zero = engine.tensor([0, 0], [2]);
    expect(await numbers(await twice(zero))).toEqual([1, 1]);
    engine.gpu.device.queue.writeBuffer(buffer, 0, Float32Array.of(Number.NaN, 5));
    tensor.changed();
    expect(await numbers(await twice(zero))).toEqual([Number.NaN, 1]);
    tensor.dispose();
    expect(() => tensor.buffer).toThrow(expect.objectContaining({ code: 'E_CONFIG' }));
    expect(() => tensor.changed()).toThrow(expect.objectContaining({ code: 'E_CONFIG' }));
  });

  it('a buffer that cannot be adopted is refused with what is missing', () => {
    const { device } = engine.gpu;
    const small = device.createBuffer({ size: 4, usage: usage() });
    const unreadable = device.createBuffer({ size: 64, usage: GPUBufferUsage.STORAGE });
    expect(() => engine.adopt(small, [2])).toThrow(/at least 8 bytes, got 4/);
    expect(() => engine.adopt(unreadable, [2])).toThrow(/STORAGE, COPY_SRC and COPY_DST/);
    expect(() => engine.adopt({} as never, [2])).toThrow(/expects a GPUBuffer/);
    small.destroy();
    unreadable.destroy();
  });
});
