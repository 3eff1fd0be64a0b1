import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { hasRecords, linkOf, MOST_CHARACTERS, recordsOfLink } from '../../site/src/kernels/link.ts';
import type { BenchRecord } from '../../src/bench/record.ts';

const ADDRESS = 'https://example.org/kernels.html#old';

const record = (more: Partial<BenchRecord> = {}): BenchRecord => ({
  ...{ suite: 'op', name: 'gelu', adapter: 'a', shape: '[4] -> [4]', dtype: 'f32', variant: 'v' },
  ...{ medianMs: 1 / 3, p10Ms: 0.25, p90Ms: 0.5, runs: 123_456_789, bound: 'memory' as const },
  ...{ gflops: null, gbs: 1, rooflineShare: 0.5, peer: null, ratio: null },
  ...more,
});

const fragmentOf = (text: string): string => `#records=${deflateRawSync(text).toString('base64url')}`;

describe('records in a link', () => {
  it('come back, numbers with six digits', async () => {
    const odd = 'a "name" with é, <b> & \u{1F600}';
    const link = new URL(await linkOf(ADDRESS, [record(), record({ name: odd })]));
    expect(link.href.startsWith('https://example.org/kernels.html#records=')).toBe(true);
    expect(hasRecords(link.hash)).toBe(true);
    expect(await recordsOfLink(link.hash)).toEqual([
      record({ medianMs: 0.333333 }),
      record({ medianMs: 0.333333, name: odd }),
    ]);
  });

  it('are refused where the link would be cut on its way', async () => {
    const many = Array.from({ length: 3000 }, (_, i) => record({ name: `case ${i}`, gbs: Math.sqrt(i) }));
    await expect(linkOf(ADDRESS, many)).rejects.toMatchObject({
      code: 'E_CONFIG',
      message: expect.stringMatching(`^3000 records make a link of \\d+ characters.* ${MOST_CHARACTERS}$`),
    });
  });

  it.each<[string, (whole: string) => string, string]>([
    ['cut', (whole) => whole.slice(0, -20), 'the link was cut'],
    ['of other characters', () => '#records=%%%', 'the link was cut'],
    ['empty', () => '#records=', 'the link was cut'],
    ['no JSON', () => fragmentOf('[{'), 'the link was cut'],
    ['no records', () => fragmentOf('[]'), 'the link: expects a list of benchmark records'],
    [
      'unfolding to more than a page should hold',
      () => fragmentOf(`"${' '.repeat(5e6)}"`),
      'the link was cut',
    ],
    [
      'with an entry of another kind',
      () => fragmentOf(JSON.stringify([{ ...record(), gflops: { toFixed: 1 } }])),
      'an invalid entry: gflops expects a number or null',
    ],
  ])('are refused where the link is %s', async (_, change, says) => {
    const { hash } = new URL(await linkOf(ADDRESS, [record()]));
    await expect(recordsOfLink(change(hash))).rejects.toMatchObject({
      code: 'E_FILE',
      message: expect.stringContaining(says),
    });
  });
});
