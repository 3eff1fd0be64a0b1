import { expect, it } from 'vitest';
import { VARIANTS } from '../../../src/kernels/gemm/variants.ts';
import { BASELINE_DEVICE } from '../../../src/kernels/kernel.ts';
import { testConvolutions } from './convolutions.ts';

testConvolutions();

it('says in a sentence why a variant does not fit', () => {
  const sentence = VARIANTS.subgroupRows.fits({ rows: 8, columns: 2 }, {} as never, BASELINE_DEVICE);
  expect(sentence).toBe('needs subgroups of a known size of at least 4');
});
