import { describe, expect, it } from 'vitest';
import { blocked } from '../../../src/kernels/gemm/blocked/blocked.ts';
import { GPU_RATES } from '../../../src/kernels/gemm/blocked/rates.ts';
import { blockedCost, guessBlocked, guessSplits } from '../../../src/kernels/gemm/blocked/rule.ts';
import { matrix } from '../../../src/kernels/gemm/convOperands.ts';
import type { GemmProblem } from '../../../src/kernels/gemm/problem.ts';
import { BASELINE_DEVICE } from '../../../src/kernels/kernel.ts';

const all = () => true;
const RATES = GPU_RATES.nvidia;

describe('the rule for GPUs', () => {
  it('the rule for GPUs takes large tiles where there are results for all units, small ones where there are few', () => {
    const large = guessBlocked({ m: 2048, n: 65_536, k: 1024, z: 1 }, all, RATES)!;
    expect([large.m, large.n, large.rows, large.columns]).toEqual([128, 128, 8, 8]);
    const small = guessBlocked({ m: 64, n: 256, k: 576, z: 1 }, all, RATES)!;
    expect(small.rows * small.columns).toBe(16);
    expect(guessBlocked({ m: 12, n: 4096, k: 64, z: 1 }, all, RATES)!.m).toBe(16);
    expect(guessBlocked({ m: 64, n: 64, k: 64, z: 1 }, () => false, RATES)).toBeNull();
  });

  it('the rule for GPUs cuts long sums of few results, and no others', () => {
    // A weight gradient, a batch of one, and a batch of sixteen.
    expect(guessSplits({ m: 64, n: 576, k: 65_536, z: 1 }, 64, RATES)).toBeGreaterThan(4);
    expect(guessSplits({ m: 512, n: 256, k: 2304, z: 1 }, 64, RATES)).toBeGreaterThan(1);
    expect(guessSplits({ m: 512, n: 65_536, k: 2304, z: 1 }, 64, RATES)).toBe(1);
    expect(guessSplits({ m: 64, n: 64, k: 64, z: 1 }, 64, RATES)).toBe(1);
    expect(guessSplits({ m: 64, n: 576, k: 65_536, z: 1 }, 2, RATES)).toBe(2);
    const sizes = { m: 64, n: 576, k: 65_536, z: 1 };
    expect(blockedCost(sizes, guessSplits(sizes, 64, RATES), RATES)).toBeLessThan(
      blockedCost(sizes, 1, RATES),
    );
  });

  it('the rule for GPUs gathers patches with invocations that share a term, whatever the family', () => {
    for (const rates of Object.values(GPU_RATES)) {
      const tile = guessBlocked({ m: 256, n: 65_536, k: 2304, z: 1, gathers: 'terms' }, all, rates)!;
      expect((tile.m * tile.n) / (tile.rows * tile.columns)).toBeLessThanOrEqual(tile.n);
    }
  });

  it('the rule for GPUs guesses what fits the adapter, and says why a tile does not', () => {
    const sizes = { outer: 2048, k: 1024, perZ: () => '0u', matrix: 2048 * 1024, transposed: false };
    const problem = {
      ...{
        label: 'p',
        m: 2048,
        n: 2048,
        k: 1024,
        z: 1,
        outShape: [2048, 2048],
        store: { row: () => '0u', column: (n) => n },
      },
      a: matrix('a', 0, 'f32', 2048 * 1024, sizes),
      b: matrix('b', 1, 'f32', 2048 * 1024, sizes),
    } satisfies GemmProblem;
    const tile = blocked.guess(problem, BASELINE_DEVICE)!;
    expect(blocked.fits(tile, problem, BASELINE_DEVICE)).toBe(true);
    const largest = { m: 128, n: 128, k: 16, rows: 8, columns: 8, buffers: 2 } as const;
    expect(blocked.fits(largest, problem, BASELINE_DEVICE)).toMatch(
      /^its tiles need 33792 bytes of workgroup memory, the adapter has 16384$/,
    );
    expect(blocked.fits({ ...largest, rows: 4 }, problem, BASELINE_DEVICE)).toMatch(/^needs 512 invocations/);
    expect(blocked.guess(problem, { ...BASELINE_DEVICE, software: true })).toBeNull();
  });
});
