import { execFileSync } from 'node:child_process';
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { withoutStepsBack } from '../../src/cli/stepsBack.ts';
import { embeddedPath } from '../../src/weights/embedded.ts';
import { scratchFolder, TINY_TRAIN, wgadHere } from './wgad.ts';

// Every path that a verb reads or writes, with what may lie there instead. Verbs that would open a device are asked for
// what they read before that.
const folder = scratchFolder();
const WEIGHTS = embeddedPath('resnet18_w16');

beforeAll(async () => {
  await mkdir(folder.path('folder', 'inner'), { recursive: true });
  await writeFile(folder.path('file'), 'text');
  execFileSync('mkfifo', [folder.path('pipe')]);
  await symlink(folder.path('nowhere'), folder.path('dangling'));
  await symlink(folder.path('loop2'), folder.path('loop'));
  await symlink(folder.path('loop'), folder.path('loop2'));
  await mkdir(folder.path('data'));
});

const trainWith = (...args: string[]): string[] => [
  ...['train', folder.path('data'), '--out', folder.path('run'), ...TINY_TRAIN, '--iterations', '2'],
  ...args,
];
type Wrong = readonly [name: string, path: () => string, says: RegExp];
const FILES: readonly Wrong[] = [
  ['a folder', () => folder.path('folder'), /is a folder, expected a file/],
  ['a pipe', () => folder.path('pipe'), /is a pipe, expected a file/],
  ['a device', () => '/dev/zero', /is a device, expected a file/],
  ['a link to nothing', () => folder.path('dangling'), /there is no such file|leads nowhere|is not there/],
  ['a circle of links', () => folder.path('loop'), /its links lead in a circle/],
  ['what is in a file', () => folder.path('file', 'x'), /a part of the path is a file|is not there/],
  ['a name too long', () => folder.path('n'.repeat(300)), /the name is too long/],
];
const FOLDERS: readonly Wrong[] = [
  ['a file', () => folder.path('file'), /a file lies there|a part of the path is a file|cannot be/],
  ['a pipe', () => folder.path('pipe'), /a file lies there|a part of the path is a file|cannot be/],
  ['what is in a file', () => folder.path('file', 'x'), /a part of the path is a file|cannot be/],
  ['a link to nothing', () => folder.path('dangling'), /it is a link that leads nowhere/],
  ['below a link to nothing', () => folder.path('dangling', 'x'), /dangling is a link that leads nowhere/],
  ['below a circle of links', () => folder.path('loop', 'x'), /links lead in a circle/],
  ['a circle of links', () => folder.path('loop'), /links lead in a circle/],
  ['a name too long', () => folder.path('n'.repeat(300)), /the name is too long/],
];
/** What a file cannot be written to, beside what it cannot be read from. */
const TARGETS: readonly Wrong[] = [
  ...FILES,
  ['in no folder', () => folder.path('nowhere', 'x'), /the folder .*nowhere is not there/],
  ['below a link to nothing', () => folder.path('dangling', 'x'), /dangling is a link that leads nowhere/],
];

const cases: [string, readonly Wrong[], (path: string) => string[]][] = [
  ['weights inspect', FILES, (path) => ['weights', 'inspect', path]],
  ['weights convert, from', FILES, (path) => ['weights', 'convert', path, folder.path('out')]],
  ['weights convert, to', TARGETS, (path) => ['weights', 'convert', WEIGHTS, path]],
  ['--config', FILES, (path) => ['weights', 'inspect', WEIGHTS, '--config', path]],
  ['train --weights', FILES, (path) => trainWith('--weights', path)],
  ['features --out', TARGETS, (path) => ['features', folder.path('image.png'), '--out', path]],
  ['bench --out', TARGETS, (path) => ['bench', 'kernels', '--out', path]],
  [
    'profile --trace',
    TARGETS,
    (path) => ['profile', '--trace', path, '--', 'weights', 'inspect', folder.path('nowhere')],
  ],
  ['data synth --out', FOLDERS, (path) => ['data', 'synth', '--out', path, '--classes', '1', '--size', '32']],
  [
    'train --out',
    FOLDERS,
    (path) => ['train', folder.path('data'), '--out', path, ...TINY_TRAIN, '--iterations', '2'],
  ],
  [
    'predict --out',
    FOLDERS,
    (path) => ['predict', folder.path('folder'), folder.path('a.png'), '--out', path],
  ],
  ['reproduce --out', FOLDERS, (path) => ['reproduce', 'table4', '--quick', '--out', path]],
  ['demo --out', FOLDERS, (path) => ['demo', '--out', path]],
];
describe.runIf(process.platform === 'linux').each(cases)('%s', (_, wrongs, args) => {
  it.each(wrongs)(
    'a path that cannot be read or written is refused with its reason: %s',
    async (_name, path, says) => {
      const { code, stderr } = await wgadHere(args(path()));
      expect(stderr).toMatch(/^wgad: E_FILE /m);
      expect(stderr).toContain(path());
      expect(stderr).toMatch(says);
      expect(code).toBe(1);
    },
  );
});

describe.runIf(process.platform === 'linux')('steps back', () => {
  const synth = async (out: string): Promise<void> => {
    const args = [
      'data',
      'synth',
      '--out',
      out,
      '--classes',
      '1',
      '--train',
      '1',
      '--test',
      '2',
      '--size',
      '32',
    ];
    const { code, stderr } = await wgadHere([...args, '--quiet']);
    expect([code, stderr]).toEqual([0, '']);
  };

  it('a step back from a link leads out of its target, from a folder that is not there out of nothing', async () => {
    await mkdir(folder.path('far', 'inner'), { recursive: true });
    await symlink(folder.path('far', 'inner'), folder.path('link'));
    const before = await readdir(folder.path());
    // Joined by hand: `join` would take the steps by their text.
    await synth(`${folder.path('link')}/../drawn`);
    expect(await readdir(folder.path('far', 'drawn'))).not.toEqual([]);
    await synth(`${folder.path('folder')}/../missing/../plain`);
    expect(await readdir(folder.path('plain'))).not.toEqual([]);
    expect((await readdir(folder.path())).sort()).toEqual([...before, 'plain'].sort());
    // What is read goes the same way.
    const { code, stdout } = await wgadHere(['data', 'check', `${folder.path('link')}/../drawn`, '--json']);
    expect([code, JSON.parse(stdout).root]).toEqual([0, folder.path('far', 'drawn')]);
  });

  it.each([
    ['a/b', 'a/b'],
    ['./a/./b/', './a/./b/'],
    ['../a/b', '../a/b'],
    ['..', '..'],
    ['a/..', '.'],
    ['no/../such', 'such'],
    ['no/such/../../..', '..'],
    ['/no/../such', '/such'],
    ['...a/..b', '...a/..b'],
  ])('of %s no step back behind a name is left: %s', async (path, plain) => {
    expect(await withoutStepsBack(path)).toBe(plain);
  });
});
