import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { shardOf } from '../../src/parts/shard.ts';
import { range } from '../../src/shape.ts';
import { scratchFolder, start, TINY_DATA, TINY_TRAIN, wgadHere } from './wgad.ts';

/** The first use of a kernel compiles for seconds on a software adapter. */
const SLOW = 600_000;
const folder = scratchFolder();
const run = (): string => folder.path('run');
const data = (): string => folder.path('data');
const photos = (): string => folder.path('photos');

async function here(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await wgadHere([...args, '--quiet']);
  // 3: of the photos, one is bad.
  expect([0, 3], stderr).toContain(code);
  return stdout;
}
const shards = (of: number): string[] => range(of).map((i) => `${i + 1}/${of}`);

beforeAll(async () => {
  await here('data', 'synth', '--out', data(), ...TINY_DATA);
  await here(
    ...['train', data(), '--out', run(), ...TINY_TRAIN],
    ...['--iterations', '2', '--align-iterations', '3', '--align', 'cada,class'],
  );
  await cp(data(), photos(), { recursive: true, filter: (path) => !path.includes('ground_truth') });
  await writeFile(join(photos(), 'bad.png'), 'no image');
}, SLOW);

describe('predict in parts', () => {
  const whole = (): Promise<string> => here('predict', run(), photos(), '--no-times');
  const part = (shard: string, parts: string): string[] => [
    ...['predict', run(), photos(), '--shard', shard, '--parts', parts],
  ];

  it(
    'eight parts, two of them killed and run again, merge to the bytes of one run',
    async () => {
      const parts = folder.path('eight');
      const killed = ['3/8', '6/8'];
      for (const shard of killed) {
        const { child, done } = start([...part(shard, parts), '--quiet']);
        const own = join(parts, shard.replace('/', '-of-'));
        // Once it has begun to write.
        for (;;) {
          const names = await readdir(own).catch(() => []);
          if (names.some((name) => name.endsWith('.tmp')) || child.exitCode !== null) break;
          await new Promise((settle) => setTimeout(settle, 5));
        }
        child.kill('SIGKILL');
        await done;
        expect(await readdir(own)).not.toContain('manifest.json');
      }
      for (const shard of shards(8)) await here(...part(shard, parts));
      const merged = await here('merge', parts);
      expect(merged).toBe(await whole());
      expect(merged.trim().split('\n')).toHaveLength(17);
      // A bad image is a row of the whole as well.
      expect((await wgadHere(['merge', parts])).code).toBe(3);
      // Once more: nothing is made again, and nothing changes.
      const manifest = await readFile(join(parts, '3-of-8', 'manifest.json'));
      await here(...part('3/8', parts));
      expect((await readFile(join(parts, '3-of-8', 'manifest.json'))).equals(manifest)).toBe(true);
      // Into a file.
      await here('merge', parts, '--out', folder.path('rows.jsonl'));
      expect(await readFile(folder.path('rows.jsonl'), 'utf8')).toBe(merged);
    },
    SLOW,
  );

  it(
    'a part that is missing, there twice, damaged or of another whole is refused by name',
    async () => {
      const parts = folder.path('three');
      for (const shard of shards(3)) await here(...part(shard, parts));
      const refused = async (...paths: string[]): Promise<string> => {
        const { code, stderr, stdout } = await wgadHere(['merge', ...paths]);
        expect([code, stdout]).toEqual([1, '']);
        return stderr;
      };
      const [one, two, three] = range(3).map((i) => join(parts, `${i + 1}-of-3`)) as [string, string, string];
      expect(await refused(one, three)).toContain('part 2 of 3 is missing');
      const copy = folder.path('again', '2-of-3');
      await cp(two, copy, { recursive: true });
      expect(await refused(parts, copy)).toContain(`part 2 of 3 is there twice: ${two}, ${copy}`);
      expect(await refused(folder.path('nowhere'))).toContain('nowhere: is no part, and holds none');
      expect(await refused(one, two, folder.path('three', '4-of-3'))).toContain('this part is not finished');
      // Its own, but for what it says of itself.
      const foreign = folder.path('foreign', '2-of-3');
      await cp(two, foreign, { recursive: true });
      const manifest = JSON.parse(await readFile(join(two, 'manifest.json'), 'utf8'));
      const { config } = manifest.settings;
      for (const [change, message] of [
        [{ weights: 'a1' }, 'weights "a1", not "'],
        [{ version: '0.0.1' }, 'version "0.0.1", not "'],
        [{ adapter: 'another GPU' }, 'adapter another GPU, not '],
        [{ batch: 3 }, 'batch 3, not 4'],
        [{ list: 'b2' }, 'list of inputs "b2", not "'],
        [{ inputs: 12 }, 'number of inputs 12, not 17'],
        [{ settings: { ...manifest.settings, threshold: 0.25 } }, 'threshold 0.25, not null'],
        [
          { settings: { ...manifest.settings, config: { ...config, smoothing: 'none' } } },
          'smoothing "none"',
        ],
      ] as const) {
        await writeFile(join(foreign, 'manifest.json'), JSON.stringify({ ...manifest, ...change }));
        const text = await refused(one, foreign, three);
        expect(text).toContain(`${foreign} is of another whole than ${one}: ${message}`);
      }
      await writeFile(
        join(foreign, 'manifest.json'),
        JSON.stringify({ ...manifest, adapter: 'another GPU' }),
      );
      expect((await wgadHere(['merge', one, foreign, three, '--mixed-adapters'])).code).toBe(3);
      const own = [{ name: '/elsewhere.png', sha256: null }, ...manifest.own.slice(1)];
      await writeFile(join(foreign, 'manifest.json'), JSON.stringify({ ...manifest, own }));
      expect(await refused(one, foreign, three)).toContain('not those that they were cut from');
      await writeFile(join(foreign, 'manifest.json'), '{"part": 2}');
      expect(await refused(one, foreign, three)).toContain('manifest.json: kind expects one of');
      // The same folder cannot take a part of another whole.
      const mixed = await wgadHere([...part('1/3', parts), '--threshold', '2']);
      expect([mixed.code, mixed.stderr]).toEqual([
        2,
        expect.stringContaining('holds a part of another whole: threshold null, not 2'),
      ]);
      const rows = await readFile(join(two, 'rows.jsonl'), 'utf8');
      await writeFile(join(two, 'rows.jsonl'), rows.replace('"score":', '"score":1'));
      expect(await refused(parts)).toContain('rows.jsonl: is not as it was written');
      // Run again, it is made anew.
      await here(...part('2/3', parts));
      expect(await here('merge', parts)).toBe(await whole());
    },
    SLOW,
  );
});

describe('test in parts', () => {
  it(
    'two parts merge to the results and scores of one run, every metric to the bit',
    async () => {
      const parts = folder.path('tested');
      const flags = ['--aupro', 'both'];
      for (const shard of shards(2)) {
        await here('test', run(), ...flags, '--shard', shard, '--parts', parts);
      }
      const merged = folder.path('merged');
      const table = await here('merge', parts, '--out', merged);
      expect(table).toBe(await here('test', run(), ...flags, '--no-times'));
      for (const name of ['results.json', 'scores.csv']) {
        expect(await readFile(join(merged, name), 'utf8'), name).toBe(
          await readFile(join(run(), name), 'utf8'),
        );
      }
      expect(table).toContain('AUPRO (rd4ad)');
      const { code, stderr } = await wgadHere(['merge', parts]);
      expect([code, stderr]).toEqual([2, expect.stringContaining('--out is required')]);
    },
    SLOW,
  );
});

describe('features in parts', () => {
  it(
    'two parts merge to the file of one run',
    async () => {
      const images = (await readdir(data(), { recursive: true }))
        .filter((name) => name.endsWith('.png'))
        .slice(0, 3)
        .map((name) => join(data(), name));
      const flags = ['--encoder', 'resnet18_w16', '--size', '64'];
      await mkdir(folder.path('maps'));
      const parts = folder.path('maps', 'parts');
      await here('features', ...images, ...flags, '--out', folder.path('maps', 'one.safetensors'));
      for (const shard of shards(2)) {
        await here('features', ...images, ...flags, '--shard', shard, '--parts', parts);
      }
      await here('merge', parts, '--out', folder.path('maps', 'two.safetensors'));
      const [one, two] = await Promise.all(
        ['one', 'two'].map((name) => readFile(folder.path('maps', `${name}.safetensors`))),
      );
      expect(two!.equals(one!)).toBe(true);
      const both = await wgadHere(['features', images[0]!, '--out', 'x', '--shard', '1/2']);
      expect([both.code, both.stderr]).toEqual([2, expect.stringContaining('exclude each other')]);
    },
    SLOW,
  );
});

describe('--shard', () => {
  it('takes a part and their number, or the number and the scheduler’s index from 0', () => {
    expect(shardOf('3/8', {})).toEqual({ part: 3, of: 8 });
    expect(shardOf('8', { JOB_COMPLETION_INDEX: '0' })).toEqual({ part: 1, of: 8 });
    expect(shardOf('8', { SLURM_ARRAY_TASK_ID: '7' })).toEqual({ part: 8, of: 8 });
    expect(shardOf('1/1', { SLURM_ARRAY_TASK_ID: '7' })).toEqual({ part: 1, of: 1 });
  });

  it.each([
    ['0/8', {}, 'expects a part from 1 to 8, got 0/8'],
    ['9/8', {}, 'expects a part from 1 to 8, got 9/8'],
    ['one', {}, 'such as 3/8, or the number alone, got "one"'],
    ['1/0', {}, 'got "1/0"'],
    ['8', {}, 'none of JOB_COMPLETION_INDEX, SLURM_ARRAY_TASK_ID is set'],
    ['8', { JOB_COMPLETION_INDEX: '1', SLURM_ARRAY_TASK_ID: '1' }, 'SLURM_ARRAY_TASK_ID are set'],
    ['8', { SLURM_ARRAY_TASK_ID: '8' }, 'expects SLURM_ARRAY_TASK_ID from 0 to 7, got "8"'],
    ['8', { JOB_COMPLETION_INDEX: 'x' }, 'expects JOB_COMPLETION_INDEX from 0 to 7, got "x"'],
  ])('refuses %s with %o', (text, environment, message) => {
    expect(() => shardOf(text, environment)).toThrow(message);
  });
});
