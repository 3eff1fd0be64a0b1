import { writeFile } from 'node:fs/promises';
import { parse } from 'csv-parse/sync';
import { beforeAll, describe, expect, it } from 'vitest';
import { VERSION } from '../../src/version.ts';
import { scratchFolder, wgad } from './wgad.ts';

/** The first use of a kernel compiles for seconds on a software adapter. */
const SLOW = 300_000;
const folder = scratchFolder();
const FILES = {
  // Its own declarations, of another order than the names'.
  'scale.wgsl': `@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < 64u) { y[id.x] = max(x[id.x], vec4f()); }
}
`,
  'wrong.wgsl': `@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < 255u) { y[id.x] = max(x[id.x], 0.0); }
}
`,
  'broken.wgsl': `@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  y[id.x] = x[id.x] + nothing;
}
`,
  'check.mjs': 'export default ({ x }, { y }) => Float64Array.from(x, (each) => Math.max(0, each));\n',
  'mute.mjs': 'export const reference = 1;\n',
  'none.mjs': 'throw null;\n',
  'throws.mjs': 'export default ({ x, z }) => z.map(Math.abs);\n',
};

beforeAll(async () => {
  for (const [name, text] of Object.entries(FILES)) await writeFile(folder.path(name), text);
});

/** Names of FILES stand for where they lie. */
const kernel = (...args: string[]) => {
  const placed = args.map((arg) => (Object.hasOwn(FILES, arg) ? folder.path(arg) : arg));
  return wgad([
    ...['bench', 'kernel', ...placed, '--bind', 'x=[256]', 'y=[256]:out'],
    ...['--grid', '4', '--samples', '1'],
  ]);
};
const CHECK = ['--check', 'check.mjs'];

describe('wgad bench', () => {
  it(
    'wgad bench kernel checks a file, then times it beside one of ours; its records are CSV too',
    async () => {
      const { code, stdout, stderr } = await kernel(
        'scale.wgsl',
        ...CHECK,
        '--against',
        'relu [256]',
        '--csv',
      );
      expect(stderr).not.toContain('wgad:');
      expect(code).toBe(0);
      const [own, ours] = parse(stdout, { columns: true }) as Record<string, string>[];
      expect(own).toMatchObject({
        name: 'scale.wgsl',
        shape: '[256] -> [256]',
        peer: 'relu',
        bound: 'launch',
      });
      expect(ours).toMatchObject({ name: 'relu', peer: '', ratio: '' });
      expect(Number(own!.ratio)).toBeGreaterThan(0);
      expect(own!['floorMs.launch']).toBe(ours!['floorMs.launch']);
      expect(Number(own!.gflops)).toBeGreaterThan(0);
      expect(own).toMatchObject({ version: VERSION, date: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) });
    },
    SLOW,
  );

  it.each<[string, string[], number, RegExp]>([
    [
      'wrong.wgsl',
      CHECK,
      1,
      /E_WRONG_RESULT wrong\.wgsl is wrong: 1 of 256 .* at \[255\]: expected .*, got NaN/,
    ],
    [
      'wrong.wgsl',
      ['--against', 'relu [256]'],
      1,
      /E_WRONG_RESULT wrong\.wgsl is wrong: 1 of 256 elements differ from relu/,
    ],
    ['broken.wgsl', CHECK, 1, /broken\.wgsl:3:2\d unresolved value 'nothing'/],
    [
      'scale.wgsl',
      ['--check', 'mute.mjs'],
      1,
      /mute\.mjs: expects a function as its default export, got undefined/,
    ],
    [
      'scale.wgsl',
      ['--check', 'throws.mjs'],
      1,
      /E_FILE .*throws\.mjs: its function threw: Cannot read properties of undefined/,
    ],
    ['scale.wgsl', ['--check', 'none.mjs'], 1, /E_FILE .*none\.mjs: cannot be loaded: null/],
    [
      'scale.wgsl',
      ['--bind', 'x=[256]', 'x=[16]', 'y=[256]:out'],
      2,
      /E_CONFIG --bind expects each name once, got x twice/,
    ],
    [
      'scale.wgsl',
      ['--against', 'relu [255]'],
      2,
      /--against expects the inputs of scale\.wgsl, \[256\], got \[255\]/,
    ],
  ])(
    'wgad bench kernel %s %j says what is wrong before anything is timed',
    async (file, more, expected, message) => {
      const { code, stdout, stderr } = await kernel(file, ...more);
      expect(stderr).toMatch(message);
      expect(code).toBe(expected);
      expect(stdout).toBe('');
    },
    SLOW,
  );

  it(
    'wgad bench op measures several calls and two by turns, in 100 columns',
    async () => {
      const out = folder.path('op.json');
      const calls = ['softmax [3,5]', '--a', 'gelu [64]', '--b', 'relu [64]'];
      const { code, stdout } = await wgad([
        'bench',
        'op',
        ...calls,
        '--pass',
        'both',
        '--samples',
        '1',
        '--out',
        out,
      ]);
      expect(code).toBe(0);
      const lines = stdout.trim().split('\n');
      const table = lines.slice(
        0,
        lines.findIndex((line) => line.startsWith('not shown in 100 columns: ')),
      );
      expect(Math.max(...table.map(({ length }) => length))).toBeLessThanOrEqual(100);
      expect(table[0]).toMatch(/^case +shape +median ms .*bound by +times as fast$/);
      expect(stdout).toMatch(/^softmax, forward and backward: bound by launch \(at this adapter's pace: /m);
      expect(stdout).toMatch(/gelu, .* and relu, .*: their results differ by \d/);
      const again = await wgad(['bench', 'op', ...calls.slice(0, 1), '--samples', '1', '--compare', out]);
      expect(again.stdout).toMatch(/NOTHING COMPARED|only in .*op\.json/);
    },
    SLOW,
  );
});
