import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { distinctProducts, modelGraphs } from '../../src/bench/modelProducts.ts';
import { relu } from '../../src/graph/ops/pointwise.ts';
import { input, state, type Value } from '../../src/graph/value.ts';
import { isProductChoice, type ProductChoice } from '../../src/kernels/gemm/choices.ts';
import { BASELINE_DEVICE } from '../../src/kernels/kernel.ts';
import { conv2d } from '../../src/nn/conv.ts';
import { buildPlan, productsOf } from '../../src/plan/buildPlan.ts';
import { openSession, type Session, sessionOn } from '../../src/runtime/session.ts';
import { type TuningTable, tunedOf } from '../../src/tune/table.ts';
import { tuneProducts } from '../../src/tune/tuneModel.ts';
import { gains, tuneProduct } from '../../src/tune/tuneProduct.ts';

const graphOf = (out: Value) => ({ outputs: new Map([['out', out]]), effects: [] });
const layer = (): Value =>
  relu(conv2d(input('x', [1, 4, 6, 6]), state('w', [8, 4, 3, 3], 'f32'), { padding: 1 }));
const kernelsOf = (graph: ReturnType<typeof graphOf>, choice?: ProductChoice): string[] =>
  buildPlan(graph, BASELINE_DEVICE, { tuned: () => choice }).dispatches.map(({ kernel }) => kernel.label);

describe('plans', () => {
  it('plans take what the tuning table says, the same table the same kernels, and the rule where it is silent', () => {
    const choice = {
      variant: 'blocked',
      tile: { m: 16, n: 64, k: 8, rows: 4, columns: 4, buffers: 1 },
    } as const;
    expect(kernelsOf(graphOf(layer()), choice)).toEqual(['conv2d blocked 16x64x8 4x4']);
    expect(kernelsOf(graphOf(layer()), choice)).toEqual(kernelsOf(graphOf(layer()), choice));
    const { dispatches } = buildPlan(graphOf(layer()), BASELINE_DEVICE);
    expect(kernelsOf(graphOf(layer()))).toEqual(dispatches.map(({ kernel }) => kernel.label));
  });

  it('plans ask for a product by the key that tuning gives it', () => {
    const asked: string[] = [];
    const tuned = (key: string) => void asked.push(key);
    const graphs = modelGraphs({ model: 'resnet18_w16', size: 64, batches: [2, 1] });
    for (const graph of graphs) buildPlan(graph, BASELINE_DEVICE, { tuned });
    const keys = distinctProducts(graphs, BASELINE_DEVICE).map(({ key }) => key);
    expect(keys.filter((key) => !asked.includes(key))).toEqual([]);
    expect(keys.some((key) => key.startsWith('conv2dWeightGrad'))).toBe(true);
    expect(keys.some((key) => key.includes('still'))).toBe(true);
  });

  it('plans in f16 ask for products of their own, of scoring alone', () => {
    const asked: string[] = [];
    const facts = { ...BASELINE_DEVICE, f16: true };
    const graphs = modelGraphs({ model: 'resnet18_w16', size: 64, batches: [2], precision: 'f16' });
    for (const graph of graphs) buildPlan(graph, facts, { tuned: (key) => void asked.push(key) });
    const keys = distinctProducts(graphs, facts).map(({ key }) => key);
    expect(keys.filter((key) => !asked.includes(key))).toEqual([]);
    // The map's smoothing stays f32.
    const whole = keys.filter((key) => key.startsWith('conv2d ') && !key.includes(':f16'));
    expect(whole.filter((key) => !key.includes(' to 2x1x64x64'))).toEqual([]);
    expect(keys.some((key) => key.startsWith('conv2dWeightGrad'))).toBe(false);
  });
});

it('a gain is one in nearly every round, not one of the median', () => {
  const rule = [2, 2, 2, 2, 2, 2, 2];
  expect(gains([1, 1, 1, 1, 1, 1, 9], rule)).toBe(true);
  expect(gains([1, 1, 1, 1, 1, 9, 9], rule)).toBe(false);
  expect(gains([1.99, 1.99, 1.99, 1.99, 1.99, 1.99, 1.99], rule)).toBe(false);
});

describe('tuning a product', () => {
  let session: Session;
  beforeAll(async () => {
    session = await openSession();
  });
  afterAll(() => session.close());
  const target = () => productsOf(graphOf(layer()), session.gpu.facts)[0]!;

  it('tuning finds a choice that plans of this device can take, and leaks no memory', async () => {
    const found = (await tuneProduct(session, target(), new AbortController().signal))!;
    expect(found.choice === null || isProductChoice(found.choice)).toBe(true);
    expect(found.ms).toBeLessThanOrEqual(found.ruleMs);
    const { live } = session.gpu.buffers.counters;
    await tuneProduct(session, target(), new AbortController().signal);
    expect(session.gpu.buffers.counters.live).toBe(live);
  }, 600_000);

  it('tuning keeps each result as it comes, skips what is known, and stops where it is told', async () => {
    const controller = new AbortController();
    const kept: TuningTable[] = [];
    const other = productsOf(
      graphOf(conv2d(input('x', [1, 4, 3, 3]), input('w', [4, 4, 1, 1]))),
      session.gpu.facts,
    )[0]!;
    const known = new Map([['known', { choice: null, ms: 1, ruleMs: 1 }]]);
    const products = [{ ...other, key: 'known' }, other, target()];
    const table = await tuneProducts(session, products, known, {
      signal: controller.signal,
      keep: async (whole) => {
        kept.push(new Map(whole));
        controller.abort();
      },
      onProduct: () => {},
    });
    expect([...table.keys()]).toEqual(['known', other.key]);
    expect(kept).toEqual([table]);
  }, 600_000);

  it('a session computes with the kernels that its table has', async () => {
    const { key } = target();
    const choice = { variant: 'plain', tile: { rows: 2 } } as const;
    const tuned = tunedOf(new Map([[key, { choice, ms: 1, ruleMs: 2 }]]));
    session.state.set('w', new Float32Array(8 * 4 * 9).fill(0.5), [8, 4, 3, 3]);
    const own = { ...sessionOn(session.gpu, tuned), state: session.state };
    expect(own.tuned).toBe(tuned);
    const plan = buildPlan(graphOf(layer()), session.gpu.facts, { tuned: own.tuned!.choose });
    expect(plan.dispatches.map(({ kernel }) => kernel.label)).toEqual(['conv2d plain 2']);
  });
});
