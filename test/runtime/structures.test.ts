import { afterAll, beforeAll, expect, it } from 'vitest';
import { flattenTree, type Tree } from '../../src/graph/tree.ts';
import {
  add,
  Engine,
  mean,
  mul,
  sgd,
  square,
  sub,
  type Tensor,
  type Value,
  valueAndGrad,
} from '../../src/index.ts';

/** Structures that differ are told apart, whatever the names in them: those of state dicts have dots. */

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.create();
});
afterAll(() => engine.dispose());

const one = (number: number): Tensor => engine.tensor([number], [1]);
const first = async (tensor: Tensor): Promise<number> => (await tensor.data())[0]!;

interface Twins<L> {
  readonly 'a.b': L;
  readonly a: { readonly b: L };
}

it('names with dots are not paths: arguments, results, gradients, parameters', async () => {
  const difference = engine.compile((twins: Twins<Value>) => sub(twins['a.b'], twins.a.b));
  expect(await first(await difference({ 'a.b': one(5), a: { b: one(2) } }))).toBe(3);

  const both = await engine.compile((x: Value) => ({ 'a.b': x, a: { b: square(x) } }))(one(3));
  expect(await Promise.all([first(both['a.b']), first(both.a.b)])).toEqual([3, 9]);

  const product = valueAndGrad((p: { 'w.x': Value }, q: { w: { x: Value } }) => mean(mul(p['w.x'], q.w.x)));
  const { grads } = await engine.compile(product)({ 'w.x': one(2) }, { w: { x: one(7) } });
  expect(await first(grads['w.x'])).toBe(7);

  const params = { 'a.b': one(1), a: { b: one(2) } };
  const optimiser = engine.optimiser(sgd({ lr: 1 }), params);
  await optimiser.step({ a: { b: one(20) }, 'a.b': one(10) });
  expect(await Promise.all([first(params['a.b']), first(params.a.b)])).toEqual([-9, -18]);
});

it('a plan is of one structure: names, empty parts, lists', async () => {
  const either = engine.compile((tree: Record<string, Value | { readonly b: Value }>) =>
    'a.b' in tree ? (tree['a.b'] as Value) : square((tree.a as { b: Value }).b),
  );
  expect(await first(await either({ 'a.b': one(5) }))).toBe(5);
  expect(await first(await either({ a: { b: one(5) } }))).toBe(25);

  const count = engine.compile(({ x, more }: { readonly x: Value; readonly more?: readonly Value[] }) =>
    more ? add(x, 1) : square(x),
  );
  expect(await first(await count({ x: one(5) }))).toBe(25);
  expect(await first(await count({ x: one(5), more: [] }))).toBe(6);

  const single = engine.compile((x: Value) => square(x)) as unknown as (
    ...args: unknown[]
  ) => Promise<Tensor>;
  expect(await first(await single(one(5)))).toBe(25);
  await expect(single(one(5), [])).rejects.toThrow('function: expects 1 argument, got 2');

  const kind = engine.compile((tree: { readonly part: readonly Value[] | { readonly 0: Value } }) =>
    Array.isArray(tree.part) ? square(tree.part[0]!) : add(tree.part[0]!, 1),
  );
  expect(await first(await kind({ part: [one(5)] }))).toBe(25);
  expect(await first(await kind({ part: { 0: one(5) } }))).toBe(6);
});

it('no two leaves have one path', () => {
  const isLeaf = (node: unknown): node is number => typeof node === 'number';
  const names = ['a', 'a.b', '', '.', '"', ']', '["a"]', 'a["b"]', '0', '__proto__', 'b'];
  const level = (depth: number): Tree<number> =>
    Object.fromEntries(names.map((name) => [name, depth === 0 ? 1 : level(depth - 1)]));
  const paths = [...names.map(() => level(1)), level(2)].map((tree) =>
    flattenTree(tree, isLeaf).map(([path]) => path),
  );
  for (const each of paths) expect(new Set(each).size).toBe(each.length);
  const mixed = { ...(level(0) as object), x: level(1), 'x.a': level(0) };
  const all = flattenTree<number>(mixed as Tree<number>, isLeaf).map(([path]) => path);
  expect(new Set(all).size).toBe(all.length);
  expect(flattenTree({ params: [{ 'conv1.weight': 1 }], x: 1 }, isLeaf).map(([path]) => path)).toEqual([
    'params.0["conv1.weight"]',
    'x',
  ]);
});
