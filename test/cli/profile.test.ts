import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { scratchFolder, wgad, wgadHere } from './wgad.ts';

const folder = scratchFolder();

it('profile runs a command, prints a row per kernel and writes a trace', async () => {
  const trace = folder.path('trace.json');
  const args = ['--json', '--quiet', 'profile', '--trace', trace];
  const verb = ['bench', 'kernels', '--model', 'resnet18', '--filter', 'bounds/copy'];
  const { code, stdout, stderr } = await wgad([...args, '--', ...verb]);
  expect(code, stderr).toBe(0);
  const report = JSON.parse(stdout);
  expect(report.verb).toEqual(verb);
  expect(report.results[0].records.map(({ name }: { name: string }) => name)).toEqual(['bounds/copy']);
  expect(report.lost).toBe(0);
  // What the pace is measured by is not what the command does.
  expect(report.kernels.map(({ name }: { name: string }) => name)).toEqual(['pointwise shift']);
  const copy = report.kernels.find(({ name }: { name: string }) => name === 'pointwise shift');
  expect(copy.calls).toBeGreaterThan(5);
  for (const figure of [copy.share, copy.gbs, copy.rooflineShare]) expect(figure).toBeGreaterThan(0);
  const { traceEvents } = JSON.parse(await readFile(trace, 'utf8'));
  expect(traceEvents.filter(({ ph }: { ph: string }) => ph === 'X')).toHaveLength(report.dispatches);
}, 400_000);

it('profile ends as the command does, and says where there was nothing to time', async () => {
  const missing = await wgadHere(['profile', '--', 'data', 'check', folder.path('nowhere')]);
  expect(missing.code).not.toBe(0);
  expect(missing.stderr).toContain('nowhere');
  const drawn = ['data', 'synth', '--out', folder.path('d'), '--classes', '1', '--train', '1', '--test', '2'];
  const { code, stdout } = await wgadHere(['--quiet', 'profile', '--', ...drawn, '--size', '64']);
  expect(stdout).toContain('no device was opened: nothing to profile');
  expect(code).toBe(0);
});

it('profile refuses what it cannot do', async () => {
  for (const [args, message] of [
    [['profile', '--', 'profile', '--', 'doctor'], 'expects a command other than profile'],
    [['profile', '--', 'doctor', '--gpu', '0'], 'expects --gpu before the --'],
    [['profile', '--by', 'op', '--', 'doctor'], 'expects kernel or layer, got op'],
  ] as const) {
    const { code, stderr } = await wgadHere(args);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  }
});
