import { describe, expect, it } from 'vitest';
import { grad, valueAndGrad } from '../../src/autograd/reverse.ts';
import { add, mul, relu, scale } from '../../src/graph/ops/pointwise.ts';
import { argmax, mean, sum } from '../../src/graph/ops/reduce.ts';
import { input, type Value } from '../../src/graph/value.ts';
import { conv2d } from '../../src/nn/conv.ts';
import { Engine } from '../../src/runtime/engine.ts';
import { openDevice } from '../../src/runtime/gpu.ts';

describe('Engine', () => {
  it('Engine runs the example of the interface document', async () => {
    using engine = await Engine.create();
    const w = engine.tensor(
      Float32Array.from({ length: 4 * 3 * 9 }, (_, i) => Math.sin(i)),
      [4, 3, 3, 3],
    );
    const step = engine.compile((x: Value) => relu(conv2d(x, w, { stride: 2, padding: 1 })));
    const x = engine.tensor(new Float32Array(3 * 64).fill(1), [1, 3, 8, 8]);
    const y = await step(x);
    expect(y.shape).toEqual([1, 4, 4, 4]);
    expect((await y.data()).length).toBe(64);
  });

  it('Engine gives loss and gradients in the shape of the parameters', async () => {
    using engine = await Engine.create();
    const step = engine.compile(
      valueAndGrad((params: { a: Value; b: Value }, x: Value) => sum(mul(mul(params.a, params.b), x))),
    );
    const [a, b, x] = [
      [1, 2],
      [3, 4],
      [5, 6],
    ].map((data) => engine.tensor(data, [2])) as [never, never, never];
    const { loss, grads } = await step({ a, b }, x);
    expect([...(await loss.data())]).toEqual([63]);
    expect([...(await grads.a.data())]).toEqual([15, 24]);
    expect([...(await grads.b.data())]).toEqual([5, 12]);
  });

  it('Engine keeps memory flat over calls whose results are disposed of', async () => {
    using engine = await Engine.create();
    const step = engine.compile((x: Value) => relu(x));
    const x = engine.tensor([1, -1, 2], [3]);
    (await step(x)).dispose();
    const before = engine.memory();
    for (let i = 0; i < 50; i++) (await step(x)).dispose();
    expect(engine.memory().live).toBe(before.live);
  });

  it('Engine leaves a device that it was given open, and its error handler in place', async () => {
    const own = await openDevice();
    const handler = (): void => {};
    own.device.onuncapturederror = handler;
    const engine = await Engine.create({ device: own.device });
    const y = await engine.compile((x: Value) => relu(x))(engine.tensor([-1, 2], [2]));
    expect([...(await y.data())]).toEqual([0, 2]);
    engine.dispose();
    expect(own.device.onuncapturederror).toBe(handler);
    const buffer = own.device.createBuffer({ size: 16, usage: GPUBufferUsage.COPY_DST });
    own.device.queue.writeBuffer(buffer, 0, new Uint32Array(4));
    await own.device.queue.onSubmittedWorkDone();
    own.close();
  });

  it('Engine ends every wait with a typed error once the device is lost', async () => {
    const engine = await Engine.create();
    const y = await engine.compile((x: Value) => relu(x))(engine.tensor([1], [1]));
    engine.gpu.device.destroy();
    await expect(y.data()).rejects.toMatchObject({ code: 'E_DEVICE_LOST' });
  });

  it.each([
    [[1, 2, 3], [2, 2], 'tensor: shape [2, 2] expects 4 numbers, got 3'],
    [[1], [-1, -1], 'tensor: shape expects a list of whole sizes of at least 0, got [-1, -1]'],
    [[1], [0.5, 2], 'tensor: shape expects a list of whole sizes of at least 0, got [0.5, 2]'],
    [[1], undefined, 'tensor: shape expects a list of whole sizes of at least 0, got undefined'],
    [[1, undefined], [2], 'tensor: data expects numbers, got undefined at 1'],
    ['12', [2], 'tensor: data expects numbers, in an array or typed array, got "12"'],
  ])('Engine refuses a tensor of %j and shape %j', async (data, shape, message) => {
    using engine = await Engine.create();
    expect(() => engine.tensor(data as number[], shape as number[])).toThrow(message);
  });

  it.each([
    [undefined, 'got undefined'],
    ['a text', 'got "a text"'],
    [[relu(1), 3], 'got 3'],
    [{}, 'expects to return at least one value'],
  ])('Engine refuses a function that returns %j', async (result, message) => {
    using engine = await Engine.create();
    await expect(engine.compile(() => result as Value)()).rejects.toThrow(message);
  });

  it('Engine refuses arguments that are no tensors, and to return one', async () => {
    using engine = await Engine.create();
    const x = engine.tensor([1], [1]);
    const compiled = engine.compile((value: Value) => relu(value));
    for (const wrong of [undefined, 3, [1, 2], x.value, new Float32Array(2)]) {
      await expect(compiled(wrong as never)).rejects.toMatchObject({ code: 'E_DTYPE' });
    }
    await expect(engine.compile(() => x as never)()).rejects.toThrow('got a tensor; return its value');
    expect(() => engine.compile(3 as never)).toThrow('compile: fn expects a function, got 3');
    expect(() => engine.load({ x } as never)).toThrow('load: tensors expects a Map or pairs');
    expect(() => engine.optimiser({} as never, { x })).toThrow('rule expects adamw(), sgd() or the like');
  });

  it('Engine refuses arguments that a compiled function takes none of, and no others', async () => {
    using engine = await Engine.create();
    const x = engine.tensor([1, 2], [2]);
    const y = engine.tensor([3, 4], [2]);
    type Loose = (...args: readonly unknown[]) => Promise<unknown>;
    const doubled = engine.compile((a: Value) => scale(a, 2), { label: 'doubled' }) as Loose;
    const refused = {
      code: 'E_CONFIG',
      message: expect.stringContaining('doubled: expects 1 argument, got 2'),
    };
    await expect(doubled(x, y)).rejects.toMatchObject(refused);
    await expect(doubled(x, {})).rejects.toMatchObject(refused);
    await expect((engine.compile(relu) as unknown as Loose)(x, y)).rejects.toMatchObject({
      code: 'E_CONFIG',
    });
    // What a function names it may leave alone; what it does not name it may take all the same.
    await engine.compile((a: Value, _b: Value) => relu(a))(x, y);
    await engine.compile((...all: Value[]) => add(all[0]!, all[1]!))(x, y);
    await engine.compile(valueAndGrad(({ w }: { w: Value }, _unused: Value) => mean(w)))({ w: x }, y);
  });

  it('Engine names the adapters where none matches', async () => {
    await expect(Engine.create({ adapter: 'no such card' })).rejects.toMatchObject({ code: 'E_NO_ADAPTER' });
  });
});

describe('grad', () => {
  it('grad refuses to pass an op without a derivative, by name and reason', () => {
    const x = input('x', [2, 3]);
    const picked = sum(mul(x, 1));
    expect(() => grad(picked, [input('other', [1])])).toThrow('the loss does not depend on');
    expect(() => grad(x, [x])).toThrow('loss expects one element, got [2, 3]');
    expect(argmax(x, 1).dtype).toBe('i32');
  });
});
