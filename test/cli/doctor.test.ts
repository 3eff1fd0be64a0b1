import { expect, it } from 'vitest';
import { FAMILIES } from '../../src/specs/index.ts';
import { wgad } from './wgad.ts';

it('doctor finds every op family right on this adapter, and its pace, from the package alone', async () => {
  const { code, stdout, stderr } = await wgad(['doctor', '--json', '--quiet']);
  const report = JSON.parse(stdout);
  expect(report.findings.filter(({ ok }: { ok: boolean }) => !ok)).toEqual([]);
  expect(code, stderr).toBe(0);
  const names = report.families.map((each: { family: string }) => each.family);
  const half = report.facts.f16 ? ['encoder in f16'] : [];
  expect(names).toEqual([...Object.keys(FAMILIES), 'update', 'encoder', ...half]);
  for (const { family, ok, maxRelative, checks } of report.families) {
    expect(ok).toBe(true);
    expect(maxRelative).toBeLessThan(family === 'encoder in f16' ? 1e-2 : 1e-4);
    // Rounded to f16 at all.
    if (family === 'encoder in f16') expect(maxRelative).toBeGreaterThan(1e-5);
    expect(checks).toBeGreaterThan(0);
  }
  const { adapter, device } = report.limits;
  expect(Object.keys(adapter).length).toBeGreaterThan(30);
  expect(Object.keys(device)).toEqual(Object.keys(adapter));
  // Plans get all that the adapter has of what they meet.
  for (const name of ['maxBufferSize', 'maxStorageBufferBindingSize', 'maxComputeInvocationsPerWorkgroup']) {
    expect(device[name], name).toBe(adapter[name]);
    expect(adapter[name]).toBeGreaterThan(0);
  }
  const { features, timestampGranularityNs } = report;
  if (!features.includes('timestamp-query')) expect(timestampGranularityNs).toBeNull();
  // As the other instruments see it: Dawn makes it 2^16 ns where it is not told otherwise.
  else if (report.chosen.software) expect(timestampGranularityNs).toBeLessThan(65_536);
  expect(report.findings.length).toBeGreaterThan(100);
  for (const rate of [report.peakGflops, report.copyGbs]) expect(rate).toBeGreaterThan(0);
  expect(report.peakAt).toMatch(/^matmul \d+$/);
  expect(report.copyAt).toMatch(/^\d+ MiB$/);
}, 400_000);
