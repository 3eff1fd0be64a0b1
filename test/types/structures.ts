/** What compiles and what must not: checked with the sources, and against the built package by test/project/types.test.ts. */
import {
  adamw,
  type Engine,
  grad,
  mul,
  relu,
  sum,
  type Tensor,
  topK,
  type Value,
  valueAndGrad,
} from '../../src/index.ts';

declare const engine: Engine;
interface Params {
  w: Value;
  b: Value;
}
interface Batch {
  images: Value;
  labels: readonly Value[];
}
export async function ok(t: Tensor) {
  const a = engine.compile((x, y) => mul(x, y));
  const r: Tensor = await a(t, t);
  const b = engine.compile((x: Value) => topK(x, 2));
  const { values, indices } = await b(t);
  const c = engine.compile((p: Params, q: Batch) => ({ out: [p.w, q.images] as const, more: { z: p.b } }));
  const d = await c({ w: t, b: t }, { images: t, labels: [t] });
  const e: Tensor = d.more.z;
  const step = engine.compile(valueAndGrad((p: Params, x: Value) => sum(mul(p.w, x))));
  const { loss, grads } = await step({ w: t, b: t }, t);
  const g: Tensor = grads.w;
  const step2 = engine.compile(valueAndGrad((p, x) => sum(mul(p.w!, x))));
  const nested = engine.compile(
    valueAndGrad((p: { layers: readonly Params[]; scale: Value }, x: Value) => sum(mul(p.layers[0]!.w, x))),
  );
  const g2: Tensor = (await nested({ layers: [{ w: t, b: t }], scale: t }, t)).grads.layers[0]!.b;
  const one: Tensor = (await engine.compile(valueAndGrad((w: Value) => sum(w)))(t)).grads;
  const withAux = valueAndGrad((p: Params) => ({ loss: sum(p.w), aux: { seen: p.b } }), { aux: true });
  const seen: Tensor = (await engine.compile(withAux)({ w: t, b: t })).aux.seen;
  const o = engine.optimiser(adamw({ lr: 1 }), { w: t });
  const s2 = await step2({ w: t }, t);
  await o.step({ w: s2.grads.w! });
  const opt = engine.compile((xs: Value[], w: Value) => grad(sum(w), xs));
  const single: Tensor = await engine.compile(relu)(t);
  const pair: Tensor = await engine.compile(mul)(t, t);
  const later = engine.compile((x: Value, p?: { w: Value }, ...rest: (readonly Value[])[]) =>
    mul(x, p?.w ?? rest[0]![0]!),
  );
  const all: Tensor[] = [await later(t), await later(t, { w: t }), await later(t, { w: t }, [t], [])];
  return [g2, one, seen, all, r, values, indices, e, loss, g, opt, single, pair];
}
export function refused(t: Tensor) {
  // @ts-expect-error
  engine.compile((x: Value, k: number) => topK(x, k).values);
  // @ts-expect-error
  engine.compile((_: Value) => 3);
  // @ts-expect-error
  engine.compile((x: Value) => ({ x, n: 3 }));
  // @ts-expect-error
  engine.compile(async (x: Value) => x);
  // @ts-expect-error
  engine.compile((_: Value) => t);
  // @ts-expect-error
  engine.compile((_: Value) => undefined);
  // @ts-expect-error
  engine.compile((_: Value) => {});
  // @ts-expect-error
  engine.compile((x: Tensor) => x.value);
  // @ts-expect-error
  engine.compile((x: { k: number; v: Value }) => x.v);
  // @ts-expect-error
  engine.compile((x: Value) => () => x);
  // @ts-expect-error
  engine.compile((x: Value) => new Map([['x', x]]));
  // @ts-expect-error
  valueAndGrad((p: { w: Value; n: number }) => p.w);
  // @ts-expect-error
  valueAndGrad((p: { w: Value }) => ({ loss: p.w, aux: p.w }));
  // @ts-expect-error
  valueAndGrad((p: { w: Value }) => p);
}
