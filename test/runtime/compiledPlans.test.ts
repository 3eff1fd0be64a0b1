import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  buildPlan,
  Engine,
  input,
  matmul,
  printGraph,
  printKernel,
  printPlan,
  relu,
  type Value,
} from '../../src/index.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.create();
});
afterAll(() => engine.dispose());

const zeros = (...shape: number[]) =>
  engine.tensor(new Float32Array(shape.reduce((total, size) => total * size, 1)), shape);
const layer = (x: Value, { w }: { w: Value }): Value => relu(matmul(x, w));

describe('a compiled function', () => {
  it('a compiled function shows graph, plan and kernels of a call without running it', () => {
    const compiled = engine.compile(layer);
    const args = [zeros(4, 8), { w: zeros(8, 16) }] as const;
    const { plans } = engine.memory();
    expect(printGraph(compiled.graph(...args))).toMatch(
      /%2 = matmul\(%0, %1\) \[4, 16\] \{transposeA: false, transposeB: false, epilogue: t0 = relu\(x0\)\}/,
    );
    const plan = compiled.plan(...args);
    const y = layer(input('0', [4, 8]), { w: input('1.w', [8, 16]) });
    const expected = buildPlan({ outputs: new Map([['', y]]), effects: [] }, engine.facts, {
      label: 'layer',
      maxBufferBytes: engine.gpu.device.limits.maxBufferSize,
    });
    expect(printPlan(plan)).toBe(printPlan(expected));
    const kernels = compiled.kernels(...args);
    expect(kernels.map((kernel) => printKernel(kernel))).toEqual(
      expected.dispatches.map(({ kernel }) => printKernel(kernel)),
    );
    expect(engine.memory().plans).toBe(plans);
  });

  it('a compiled function shows its last call where it is given no arguments', async () => {
    const compiled = engine.compile(layer);
    expect(() => compiled.plan()).toThrow('layer: has not been called yet');
    const w = { w: zeros(8, 16) };
    engine.free([await compiled(zeros(4, 8), w), await compiled(zeros(2, 8), w)]);
    expect(compiled.plan().outputs.get('')!.shape).toEqual([2, 16]);
    expect(printPlan(compiled.plan())).toBe(printPlan(compiled.plan(zeros(2, 8), w)));
    const constant = engine.compile(() => relu(w.w));
    expect(printGraph(constant.graph())).toContain('relu(x0)');
  });

  it('a compiled function refuses to show what a call would refuse', () => {
    const compiled = engine.compile(layer);
    expect(() => compiled.kernels(zeros(4, 8), { w: zeros(9, 16) })).toThrow('matmul: b expects 8 rows');
    compiled.dispose();
    expect(() => compiled.graph(zeros(4, 8), { w: zeros(8, 16) })).toThrow('was disposed of');
  });
});

it('a printed kernel is WGSL that compiles', async () => {
  const [kernel] = engine.compile(layer).kernels(zeros(4, 8), { w: zeros(8, 16) });
  const module = engine.gpu.device.createShaderModule({ code: printKernel(kernel!) });
  const { messages } = await module.getCompilationInfo();
  expect(messages.filter(({ type }) => type === 'error')).toEqual([]);
});
