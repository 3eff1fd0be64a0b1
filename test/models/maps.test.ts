import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { input } from '../../src/graph/value.ts';
import { mapStatistics, scoreMap } from '../../src/methods/cada.ts';
import { anomalyMap, type Scales } from '../../src/methods/revdist.ts';
import { openSession, type Session } from '../../src/runtime/session.ts';
import { hashed } from './hashed.ts';

interface Smoothed {
  score: number[];
  'every 61st': number[];
}
interface Goldens {
  size: number;
  batch: number;
  shapes: [number, number][];
  statistics: number[][];
  u: number[];
  gamma: number[];
  upper: number[];
  /** Of the raw map after the author's smoothing. */
  'scores by fraction': Record<string, number[]>;
}
const goldens: Goldens & Record<string, Smoothed> = JSON.parse(
  readFileSync(new URL('../goldens/models/maps.json', import.meta.url), 'utf8'),
);
const { size, batch, shapes } = goldens;

let session: Session;
beforeAll(async () => {
  session = await openSession();
});
afterAll(() => session.close());

const expectWithin = (got: ArrayLike<number>, want: readonly number[], label: string): void => {
  expect(got.length, label).toBe(want.length);
  want.forEach((value, i) => {
    expect(Math.abs(got[i]! - value), `${label} ${i}: ${got[i]}, expected ${value}`).toBeLessThan(1e-5);
  });
};

describe('maps and scores', () => {
  it('maps and scores agree with NumPy and SciPy within 1e-5, calibrated or not, under both smoothings', async () => {
    const scale = (which: string): Scales =>
      shapes.map(([c, side], k) => input(`${which}${k}`, [batch, c, side, side])) as unknown as Scales;
    const map = anomalyMap(scale('f'), scale('g'), size);
    const outputs = new Map(Object.entries(mapStatistics(map)));
    const fractions = Object.keys(goldens['scores by fraction']);
    for (const fraction of fractions) {
      outputs.set(
        fraction,
        scoreMap({ map }, null, { smoothing: 'author', scoreFraction: Number(fraction) }).score,
      );
    }
    const statistics = input('statistics', [batch, 2]);
    for (const [start, given] of [
      ['raw', null],
      ['calibrated', statistics],
    ] as const) {
      for (const smoothing of ['author', 'scipy'] as const) {
        const scored = scoreMap({ map }, given, { smoothing, scoreFraction: 0.01 });
        outputs.set(`${start}, ${smoothing}: map`, scored.map);
        outputs.set(`${start}, ${smoothing}: score`, scored.score);
      }
    }
    const executable = await session.compile('maps', { outputs, effects: [] });
    const inputs: Record<string, Float32Array> = {
      statistics: Float32Array.from(goldens.statistics.flat()),
    };
    for (const [k, [c, side]] of shapes.entries()) {
      for (const which of ['f', 'g']) {
        inputs[`${which}${k}`] = hashed(`${which}${k}`, batch * c * side * side);
      }
    }
    executable.run(inputs);
    const out = await executable.read();
    for (const name of ['u', 'gamma', 'upper'] as const) expectWithin(out.get(name)!, goldens[name], name);
    expect(fractions).toHaveLength(3);
    for (const fraction of fractions) {
      expectWithin(out.get(fraction)!, goldens['scores by fraction'][fraction]!, `fraction ${fraction}`);
    }
    for (const name of ['raw, author', 'calibrated, author', 'raw, scipy', 'calibrated, scipy']) {
      expectWithin(out.get(`${name}: score`)!, goldens[name]!.score, `${name}: score`);
      const whole = out.get(`${name}: map`)!;
      const every = Array.from({ length: goldens[name]!['every 61st'].length }, (_, i) => whole[i * 61]!);
      expectWithin(every, goldens[name]!['every 61st'], name);
    }
    executable.destroy();
  }, 200_000);
});
