import { describe, expect, it } from 'vitest';
import { mul, relu } from '../../src/graph/ops/pointwise.ts';
import type { Value } from '../../src/graph/value.ts';
import { sgd } from '../../src/nn/optimiser.ts';
import { Engine } from '../../src/runtime/engine.ts';
import { openDevice } from '../../src/runtime/gpu.ts';

const DISPOSED = expect.objectContaining({
  code: 'E_CONFIG',
  message: expect.stringContaining('engine was disposed of'),
});

/** An engine and all that users get from it, each of them used once. */
async function used(engine: Engine) {
  const x = engine.tensor([1, -2], [2]);
  const compiled = engine.compile((value: Value) => relu(value));
  const y = await compiled(x);
  const params = { w: engine.tensor([1, 2], [2]) };
  const optimiser = engine.optimiser(sgd({ momentum: 0.9 }), params);
  await optimiser.step({ w: x });
  return { x, compiled, y, params, optimiser };
}

describe('a disposed engine', () => {
  it('a disposed engine says so on every call on it and on what came from it', async () => {
    const engine = await Engine.create();
    const { x, compiled, y, params, optimiser } = await used(engine);
    engine.dispose();
    const calls: Record<string, () => unknown> = {
      tensor: () => engine.tensor([1], [1]),
      load: () => engine.load([]),
      compile: () => engine.compile(() => x.value),
      optimiser: () => engine.optimiser(sgd(), params),
      free: () => engine.free(y),
      'a compiled function': () => compiled(x),
      'plan of a compiled function': () => compiled.plan(x),
      data: () => y.data(),
      'step of an optimiser': () => optimiser.step({ w: x }),
    };
    for (const [name, call] of Object.entries(calls)) {
      await expect((async () => call())(), name).rejects.toThrow(DISPOSED);
    }
  });

  it('a disposed engine lets go of what is disposed of again, and counts no memory', async () => {
    const engine = await Engine.create();
    const { x, y, optimiser } = await used(engine);
    engine.dispose();
    engine.dispose();
    for (const tensor of [x, y, y]) tensor.dispose();
    await optimiser.dispose();
    await optimiser.dispose();
    expect(engine.memory()).toMatchObject({ live: 0, pooled: 0, buffers: 0 });
  });

  it('a disposed engine leaves no buffer on a device that it was given', async () => {
    const own = await openDevice();
    const engine = await Engine.create({ device: own.device });
    await used(engine);
    engine.dispose();
    expect(engine.memory()).toMatchObject({ live: 0, pooled: 0, buffers: 0 });
    own.close();
  });

  it('a disposed engine says so to those who still wait', async () => {
    const engine = await Engine.create();
    const { x, params, y } = await used(engine);
    const fresh = engine.compile((value: Value) => mul(relu(value), 3));
    const waiting = [fresh(x), y.data(), engine.optimiser(sgd(), params).step({ w: x })];
    const settled = Promise.allSettled(waiting);
    engine.dispose();
    for (const each of await settled) expect(each).toMatchObject({ status: 'rejected', reason: DISPOSED });
  });
});

describe('a disposed tensor', () => {
  it('a disposed tensor is named where it is still used', async () => {
    using engine = await Engine.create();
    const { x, compiled, params, optimiser } = await used(engine);
    const w = engine.tensor([3, 4], [2]);
    const captures = engine.compile((value: Value) => mul(value, w));
    const gradient = engine.tensor([1, 1], [2]);
    engine.free(await captures(x));
    for (const tensor of [w, gradient]) tensor.dispose();
    const gone = (where: string) =>
      expect.objectContaining({
        code: 'E_CONFIG',
        message: expect.stringMatching(
          `^${where}: tensor \\d+ was disposed of, or belongs to another engine$`,
        ),
      });
    await expect(w.data()).rejects.toThrow(gone('data'));
    await expect(compiled(w)).rejects.toThrow(gone('function: argument 0'));
    await expect(captures(x)).rejects.toThrow(gone('function'));
    await expect(engine.compile(() => relu(w), { label: 'anew' })()).rejects.toThrow(gone('anew'));
    const other = engine.tensor([3, 4], [2]);
    const waiting = engine.compile((value: Value) => mul(value, other), { label: 'waiting' })(x);
    other.dispose();
    await expect(waiting).rejects.toThrow(gone('waiting'));
    await expect(optimiser.step({ w: gradient })).rejects.toThrow(gone('optimiser \\d+: w'));
    params.w.dispose();
    await expect(optimiser.step({ w: x })).rejects.toThrow(gone('optimiser \\d+: w'));
    expect([...(await (await compiled(x)).data())]).toEqual([1, 0]);
  });

  it('a disposed tensor of another engine is not taken for one of the same age', async () => {
    using engine = await Engine.create();
    using other = await Engine.create();
    const [mine, theirs] = [engine.tensor([1], [1]), other.tensor([2], [1])];
    const compiled = engine.compile((value: Value) => relu(value));
    await compiled(mine);
    await expect(compiled(theirs)).rejects.toThrow('belongs to another engine');
  });
});
