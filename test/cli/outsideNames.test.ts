import { link, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { openWeights, readWeights } from '../../src/formats/weightsFile.ts';
import { writeSafetensors } from '../../src/formats/writeSafetensors.ts';
import { savedStateDict } from '../formats/forge.ts';
import { scratchFolder, TINY_TRAIN, wgadHere } from './wgad.ts';

const folder = scratchFolder();
/** What objects have of their own, and what pages, terminals and spreadsheets take for orders. */
const NAMES = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '=1+1',
  'a"b\'c<script>alert(1)<',
  'two\nlines\u202eturned\u001b[2J',
];

describe('tensors of any name', () => {
  const tensors = new Map(NAMES.map((name, i) => [name, { shape: [2], data: Float32Array.of(i, -i) }]));

  it('tensors of any name are written, read, inspected and converted under it', async () => {
    const written = folder.path('own.safetensors');
    await writeSafetensors(written, tensors, Object.fromEntries(NAMES.map((name) => [name, name])));
    const saved = folder.path('saved.pth');
    await writeFile(saved, savedStateDict(tensors));
    const converted = folder.path('converted.safetensors');
    const { code, stderr } = await wgadHere(['weights', 'convert', saved, converted]);
    expect(code, stderr).toBe(0);
    for (const path of [written, saved, converted]) {
      const found = (await readWeights(path)).tensors;
      expect(new Map(found)).toEqual(new Map([...tensors].filter(([name]) => found.has(name))));
      expect([...found.keys()].sort()).toEqual([...NAMES].sort());
    }
    const file = await openWeights(written);
    expect([...file.metadata].sort()).toEqual(NAMES.map((name) => [name, name]).sort());
    await file.close();
    const said = JSON.parse((await wgadHere(['weights', 'inspect', written, '--json'])).stdout);
    expect(said.tensors.map(({ name }: { name: string }) => name).sort()).toEqual([...NAMES].sort());
    const { stdout } = await wgadHere(['weights', 'inspect', written]);
    expect(stdout).not.toMatch(/(?!\n)\p{Cc}|\p{Bidi_Control}/u);
    expect(stdout).toContain('two\\nlines\\u202eturned\\u001b[2J  F32  [2]  8\n');
  });

  it('convert refuses its own input, through links too, and leaves it whole', async () => {
    const from = folder.path('from.pth');
    await writeFile(from, savedStateDict(tensors));
    const before = await readFile(from);
    await symlink(from, folder.path('soft'));
    await link(from, folder.path('hard'));
    for (const to of [
      from,
      folder.path('soft'),
      folder.path('hard'),
      folder.path('.', 'x', '..', 'from.pth'),
    ]) {
      await mkdir(folder.path('x'), { recursive: true });
      const { code, stderr } = await wgadHere(['weights', 'convert', from, to]);
      expect(stderr).toContain('is the input');
      expect(code).toBe(2);
    }
    expect((await readFile(from)).equals(before)).toBe(true);
    expect((await stat(folder.path('hard'))).ino).toBe((await stat(from)).ino);
  });
});

describe('classes and defects of any name', () => {
  it('classes and defects of any name go through every verb', async () => {
    const classes = NAMES.filter((name) => !name.includes('/'));
    const data = folder.path('data');
    for (const [i, name] of classes.entries()) {
      for (const [part, count] of [
        [['train', 'good'], 3],
        [['test', 'good'], 2],
        [['test', classes[(i + 1) % classes.length]!], 2],
      ] as const) {
        await mkdir(folder.path('data', name, ...part), { recursive: true });
        for (let k = 0; k < count; k++) {
          const background = { r: 20 * i, g: 60 * k, b: part[0] === 'train' ? 10 : 90 };
          await sharp({ create: { width: 64, height: 64, channels: 3, background } })
            .png()
            .toFile(folder.path('data', name, ...part, `${k}.png`));
        }
      }
    }
    const ok = async (...args: string[]): Promise<string> => {
      const { code, stdout, stderr } = await wgadHere(args);
      expect(code, `${args.join(' ')}: ${stderr}`).toBe(0);
      expect(stdout + stderr).not.toMatch(/(?!\n)\p{Cc}|\p{Bidi_Control}/u);
      return stdout;
    };
    const checked = JSON.parse(
      (await wgadHere(['data', 'check', data, '--layout', 'folder', '--json'])).stdout,
    );
    const found = new Map<string, { defects: Record<string, number> }>(
      checked.classes.map((each: { name: string; defects: Record<string, number> }) => [each.name, each]),
    );
    expect([...found.keys()].sort()).toEqual([...classes].sort());
    for (const [i, name] of classes.entries()) {
      expect(Object.entries(found.get(name)!.defects)).toEqual([[classes[(i + 1) % classes.length], 2]]);
    }
    const run = folder.path('run');
    const short = ['--iterations', '2', '--align-iterations', '2'];
    await ok('train', data, '--out', run, '--layout', 'folder', ...short, ...TINY_TRAIN);
    await ok('test', run);
    const results = JSON.parse(await readFile(folder.path('run', 'results.json'), 'utf8'));
    for (const { classes: each } of Object.values<{ classes: object }>(results.protocols['model-unified'])) {
      expect(Object.keys(each).sort()).toEqual([...classes].sort());
    }
    await ok('threshold', run, '--fpr', '0.2');
    await ok('report', run);
    const [page] = (await readdir(run)).filter((name) => name.endsWith('.html'));
    const html = await readFile(folder.path('run', page!), 'utf8');
    expect(html).not.toContain('<script>alert');
    const lines = (await ok('predict', run, data)).trim().split('\n');
    expect(lines).toHaveLength(7 * classes.length);
    for (const line of lines) expect(JSON.parse(line)).toHaveProperty('score');
  }, 600_000);
});
