import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { evaluate } from '../../src/doctor/runCheck.ts';
import { farthestRows } from '../../src/graph/ops/nearest.ts';
import { input } from '../../src/graph/value.ts';
import { RandomStream } from '../../src/random.ts';
import { openSession, type Session } from '../../src/runtime/session.ts';
import { farthestRef } from '../../src/specs/reference/nearest.ts';
import { tensor64 } from '../../src/specs/reference/tensor64.ts';
import { randomPatches } from '../../src/train/coreset.ts';
import { farthestOf, type Picks, type ProjectedPatches, pickFarthest } from '../../src/train/coresetPicks.ts';
import { PROJECTED, patchesName } from '../../src/train/coresetPlans.ts';
import { SEED } from '../seed.ts';

let session: Session;
beforeAll(async () => {
  session = await openSession();
});
afterAll(() => session.close());

const CHUNK = 700;

/** Puts patches on the device in chunks; the first ten are the starts. */
function project(rows: Float32Array): ProjectedPatches {
  const patches = rows.length / PROJECTED;
  const chunks: number[] = [];
  for (let first = 0; first < patches; first += CHUNK) {
    const part = rows.subarray(first * PROJECTED, (first + CHUNK) * PROJECTED);
    session.state.set(patchesName(chunks.length), part, [part.length]);
    chunks.push(part.length / PROJECTED);
  }
  return { chunks, size: CHUNK, points: rows.slice(0, 10 * PROJECTED) };
}

/** [patches, 128] by (patch, dimension, random). */
const drawn = (patches: number, of: (patch: number, c: number, random: RandomStream) => number) => {
  const random = new RandomStream(SEED, patches);
  return Float32Array.from({ length: patches * PROJECTED }, (_, i) =>
    of(Math.floor(i / PROJECTED), i % PROJECTED, random),
  );
};

/** Most patches on a heap far from the starts: one pick leaves nothing to gain among the candidates. */
const heap = () =>
  drawn(1900, (patch, _, random) => (patch < 400 ? random.between(-1, 1) : 9 + random.between(-0.02, 0.02)));
const SETS: Record<string, () => Float32Array> = {
  'without structure': () => drawn(1500, (_, __, random) => random.between(-1, 1)),
  'of two values, so that most distances tie': () =>
    drawn(1500, (patch, c, random) => (c < 4 ? Math.floor(random.next() * 2) : patch % 3)),
  'on a heap': heap,
};

const COUNT = 300;

/** All of it, with what was told after each pass. */
async function pick(rows: Float32Array, options: { from?: Picks; signal?: AbortSignal } = {}) {
  const passes: Picks[] = [];
  const end = await pickFarthest(session, project(rows), {
    count: COUNT,
    ...options,
    onPicks: async ({ picked, distances }) => {
      passes.push({ picked: picked.slice(), distances: distances.slice() });
    },
  });
  return { picked: [...end.picked], passes };
}

/** The means over the starts, as the device has them: what the first pick goes by. */
async function firstDistances(rows: Float32Array): Promise<Float32Array> {
  const stopped = await pickFarthest(session, project(rows), { count: 1, signal: AbortSignal.abort() });
  expect(stopped.picked).toHaveLength(0);
  return stopped.distances;
}

describe('greedy picks', () => {
  it.each(Object.keys(SETS))('picks of many in a pass are those of one by one: patches %s', async (name) => {
    const rows = SETS[name]!();
    const patches = rows.length / PROJECTED;
    const distances = await firstDistances(rows);
    const found = farthestRows(input('x', [patches, PROJECTED]), input('distances', [patches]), COUNT);
    const one = await evaluate(session, 'one by one', new Map([['picked', found.indices]]), {
      x: rows,
      distances,
    });
    const { picked, passes } = await pick(rows);
    expect(picked).toEqual([...one.get('picked')!]);
    expect(passes.length).toBeLessThan(COUNT / 2);
  });

  it('the first distances are means over the starts, and the picks those of float64', async () => {
    const rows = drawn(900, (patch, c) => Math.sin(patch * (c + 1)) + Math.cos(patch / (c + 2)));
    const x = tensor64([900, PROJECTED], rows);
    const distances = await firstDistances(rows);
    const mean = Float64Array.from(distances, (_, i) => {
      let sum = 0;
      for (let start = 0; start < 10; start++) {
        let squares = 0;
        for (let c = 0; c < PROJECTED; c++)
          squares += (rows[i * PROJECTED + c]! - rows[start * PROJECTED + c]!) ** 2;
        sum += Math.sqrt(squares) / 10;
      }
      return sum;
    });
    expect(Math.max(...mean.map((want, i) => Math.abs(want - distances[i]!)))).toBeLessThan(1e-4);
    const want = farthestRef(x, { shape: [900], data: mean }, COUNT);
    expect((await pick(rows)).picked).toEqual([...want.indices.data]);
  });

  it('a pass ends before the first pick that a patch outside could precede', async () => {
    const { passes } = await pick(heap());
    expect(passes[0]!.picked).toHaveLength(1);
  });

  it('picks go on from where they were, and stop after a pass', async () => {
    const rows = SETS['without structure']!();
    const whole = await pick(rows);
    const rest = await pick(rows, { from: whole.passes[0]! });
    expect(rest.picked).toEqual(whole.picked);
    expect(rest.passes.length).toBe(whole.passes.length - 1);
    const stop = new AbortController();
    const part = await pickFarthest(session, project(rows), {
      count: COUNT,
      signal: stop.signal,
      onPicks: async () => stop.abort(),
    });
    expect([...part.picked]).toEqual([...whole.passes[0]!.picked]);
    expect(part.distances).toEqual(whole.passes[0]!.distances);
  });
});

describe('candidates', () => {
  it.each([
    ['random', (i: number) => ((i * 7919) % 1009) / 7],
    ['ties', (i: number) => i % 5],
    ['equal', () => 3],
    ['all 0', () => 0],
  ])('candidates are the first by distance and number: %s', (_, of) => {
    const distances = Float32Array.from({ length: 500 }, (__, i) => of(i));
    const order = [...distances.keys()].sort((a, b) => distances[b]! - distances[a]! || a - b);
    for (const size of [1, 60, 499]) {
      const { candidates, comesBefore } = farthestOf(distances, size);
      expect(candidates).toEqual(order.slice(0, size).sort((a, b) => a - b));
      expect(order.map((patch) => comesBefore(distances[patch]!, patch))).toEqual(
        order.map((__, i) => i < size),
      );
    }
    const all = farthestOf(distances, 500);
    expect(all.candidates).toHaveLength(500);
    expect(all.comesBefore(0, 499)).toBe(true);
  });
});

describe('a random coreset', () => {
  it('random patches are different ones, as many as asked for, the same for the same seed', () => {
    const seed = SEED;
    const some = randomPatches(seed, 1000, 300);
    expect(some).toEqual(randomPatches(seed, 1000, 300));
    expect(some).not.toEqual(randomPatches(seed + 1, 1000, 300));
    expect(new Set(some).size).toBe(300);
    expect([...some]).toEqual([...some].sort((a, b) => a - b));
    expect([...randomPatches(seed, 7, 7)]).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  it('every patch is as likely as any other', () => {
    const counts = new Array<number>(10).fill(0);
    for (let seed = 0; seed < 2000; seed++)
      for (const patch of randomPatches(seed, 10, 3)) counts[patch]! += 1;
    // 600 each, with a deviation of 20.
    for (const count of counts) expect(Math.abs(count - 600)).toBeLessThan(100);
  });
});
