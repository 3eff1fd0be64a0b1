import { describe, expect, it } from 'vitest';
import { philox, RandomStream } from '../../src/random.ts';
import { fc } from '../property.ts';

const hex = (words: readonly number[]): string => words.map((w) => w.toString(16).padStart(8, '0')).join(' ');

describe('philox 4x32-10', () => {
  // kat_vectors of Random123, the authors' library.
  it('philox 4x32-10 gives the known answers', () => {
    const ones = 0xffffffff;
    expect(hex(philox([0, 0, 0, 0], [0, 0]))).toBe('6627e8d5 e169c58d bc57ac4c 9b00dbd8');
    expect(hex(philox([ones, ones, ones, ones], [ones, ones]))).toBe('408f276d 41c83b0e a20bc7c6 6d5451fd');
    expect(hex(philox([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0]))).toBe(
      'd16cfe09 94fdcceb 5001e420 24126ea1',
    );
  });
});

describe('RandomStream', () => {
  it('RandomStream repeats for equal (seed, stream) and differs otherwise', () => {
    const draw = (seed: number, stream: number): number[] => {
      const random = new RandomStream(seed, stream);
      return Array.from({ length: 9 }, () => random.word());
    };
    expect(draw(7, 3)).toEqual(draw(7, 3));
    expect(draw(7, 3)).not.toEqual(draw(7, 4));
    expect(draw(7, 3)).not.toEqual(draw(8, 3));
    expect(draw(7, 3)).not.toEqual(draw(7 + 2 ** 32, 3));
  });

  it('RandomStream is uniform, and normal with mean 0 and variance 1', () => {
    const random = new RandomStream(12, 0);
    const bins = new Array<number>(16).fill(0);
    for (let i = 0; i < 16_000; i++) bins[Math.floor(random.next() * 16)]! += 1;
    const chiSquared = bins.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    expect(chiSquared).toBeLessThan(37.7); // 0.1 % point at 15 degrees of freedom
    let sum = 0;
    let squares = 0;
    for (let i = 0; i < 20_000; i++) {
      const x = random.normal();
      sum += x;
      squares += x * x;
    }
    expect(Math.abs(sum / 20_000)).toBeLessThan(0.025);
    expect(Math.abs(squares / 20_000 - 1)).toBeLessThan(0.04);
  });

  it('RandomStream draws integers below n, and shuffles into a permutation', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.integer({ min: 1, max: 2 ** 32 }),
        fc.integer({ min: 0, max: 50 }),
        (seed, n, length) => {
          const random = new RandomStream(seed);
          const drawn = random.integer(n);
          expect(drawn).toBeGreaterThanOrEqual(0);
          expect(drawn).toBeLessThan(n);
          const shuffled = random.shuffle(Array.from({ length }, (_, i) => i));
          expect([...shuffled].sort((a, b) => a - b)).toEqual(Array.from({ length }, (_, i) => i));
        },
      ),
    );
  });

  it('RandomStream shuffles into every order of three with equal chance', () => {
    const random = new RandomStream(5);
    const counts = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const order = random.shuffle(['a', 'b', 'c']).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(120);
  });

  it('RandomStream refuses what it cannot hold', () => {
    expect(() => new RandomStream(-1)).toThrow(/seed/);
    expect(() => new RandomStream(0, 1.5)).toThrow(/stream/);
    expect(() => new RandomStream(0).integer(0)).toThrow(/integer/);
  });
});
