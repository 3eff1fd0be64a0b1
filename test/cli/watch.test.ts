import {
  appendFile,
  copyFile,
  mkdir,
  readdir,
  readFile,
  rename,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { arrivalsIn } from '../../src/data/arrivals.ts';
import { openRowLog } from '../../src/formats/rowLog.ts';
import { range } from '../../src/shape.ts';
import { noSmallDisk, withSmallDisk } from '../faults/smallDisk.ts';
import { testRandom } from '../seed.ts';
import { scratchFolder, start, TINY_DATA, TINY_TRAIN, wgadHere } from './wgad.ts';

/** The first use of a kernel compiles for seconds on a software adapter. */
const SLOW = 600_000;
/** Images that arrive; set ARRIVALS=2000 for the long version. */
const ARRIVALS = Number(process.env.ARRIVALS ?? 40);
const folder = scratchFolder();
const inFolder = (...names: string[]): string => folder.path('in', ...names);

beforeAll(() => mkdir(folder.path('in')));

describe('arrivals', () => {
  it('are files that were renamed into place, or stay the same for long enough, each once', async () => {
    const place = folder.path('arriving');
    await mkdir(join(place, 'deep', '.hidden'), { recursive: true });
    let now = new Date(2026, 10, 30, 12).getTime();
    const { look } = arrivalsIn(place, 1000, () => now);
    const names = async (most = 9): Promise<string[]> =>
      (await look(most)).map(({ path }) => path.slice(place.length + 1)).sort();
    const old = new Date(now - 60_000);
    const make = async (name: string, time = old): Promise<void> => {
      await writeFile(join(place, name), name);
      await utimes(join(place, name), time, time);
    };
    await make('.hidden.png');
    // What cannot be looked at is no image yet.
    await symlink('circle.png', join(place, 'circle.png'));
    await symlink('nowhere', join(place, 'nowhere.png'));
    await make('text.txt');
    await make('deep/.hidden/a.png');
    await make('moved.png');
    await make('deep/moved.jpg');
    await make('growing.png', new Date(now));
    expect(await names()).toEqual(['deep/moved.jpg', 'moved.png']);
    expect(await names()).toEqual([]);
    now += 600;
    await appendFile(join(place, 'growing.png'), 'more');
    expect(await names()).toEqual([]);
    await utimes(join(place, 'growing.png'), new Date(now), new Date(now));
    now += 900;
    expect(await names()).toEqual([]);
    now += 200;
    expect(await names()).toEqual(['growing.png']);
    // A clock that runs ahead, as on another machine: once it has stayed the same.
    await make('ahead.png', new Date(now + 3_600_000));
    expect(await names()).toEqual([]);
    now += 1000;
    expect(await names()).toEqual(['ahead.png']);
    // Another image under an old name.
    await make('moved.png', new Date(now - 5000));
    expect(await names()).toEqual(['moved.png']);
    for (const i of range(5)) await make(`${i}.png`);
    expect([...(await names(3)), ...(await names(3))].sort()).toEqual(range(5).map((i) => `${i}.png`));
  });

  it('of a hundred thousand files are known by 16 bytes each', async () => {
    const arrivals = arrivalsIn(folder.path('in'), 0);
    const before = process.memoryUsage();
    for (const i of range(100_000)) {
      arrivals.taken({ path: `/line/7/camera/${i}.png`, bytes: 1000 + i, modified: i });
    }
    const after = process.memoryUsage();
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(8 * 2 ** 20);
  });
});

it('rows are appended whole, and what a killed process left of one is taken away', async () => {
  const path = folder.path('log.jsonl');
  const read: string[] = [];
  const first = await openRowLog(path, (row) => read.push(row));
  await first.append(['{"a":"ä"}', '{"b":1}']);
  await first.append([]);
  await first.close();
  await appendFile(path, '{"c":');
  const second = await openRowLog(path, (row) => read.push(row));
  await second.append(['{"d":2}']);
  await second.close();
  expect(read).toEqual(['{"a":"ä"}', '{"b":1}']);
  expect(await readFile(path, 'utf8')).toBe('{"a":"ä"}\n{"b":1}\n{"d":2}\n');
  await writeFile(path, '{"c":');
  await (await openRowLog(path, (row) => read.push(row))).close();
  expect(await readFile(path, 'utf8')).toBe('');
});

const noDisk = await noSmallDisk();
it.skipIf(noDisk !== null)(
  'a row of which a disk takes a part is no row, and is taken away at once',
  async () => {
    await withSmallDisk(async (disk) => {
      const log = await openRowLog(disk.path('log.jsonl'), () => {});
      await log.append(['{"a":1}']);
      await disk.leaveBytes(4096);
      const long = JSON.stringify({ b: 'x'.repeat(20_000) });
      await expect(log.append(['{"b":1}', long])).rejects.toMatchObject({ code: 'E_FILE' });
      expect(await readFile(disk.path('log.jsonl'), 'utf8')).toBe('{"a":1}\n');
      await log.append(['{"c":1}']);
      await log.close();
      await disk.makeRoom();
      const again = await openRowLog(disk.path('log.jsonl'), () => {});
      await again.append([long]);
      await again.close();
      expect(await readFile(disk.path('log.jsonl'), 'utf8')).toBe(`{"a":1}\n{"c":1}\n${long}\n`);
    });
  },
);

it(
  `${ARRIVALS} files that arrive while the watch is killed and started again three times are each judged once`,
  async () => {
    const done = async (...args: string[]): Promise<string> => {
      const { code, stdout, stderr } = await wgadHere([...args, '--quiet']);
      expect(code, stderr).toBe(0);
      return stdout;
    };
    const [data, run, rows] = [folder.path('data'), folder.path('run'), folder.path('rows.jsonl')];
    await done('data', 'synth', '--out', data, ...TINY_DATA);
    await done('train', data, '--out', run, ...TINY_TRAIN, '--iterations', '2', '--align-iterations', '3');
    const images = (await readdir(data, { recursive: true })).filter(
      (name) => name.endsWith('.png') && !name.includes('ground_truth'),
    );
    const random = testRandom();
    const names = range(ARRIVALS).map((i) => `${String(i).padStart(5, '0')}.png`);
    let arrived = 0;
    // Half are renamed into place, the others are written in two pieces.
    const arrive = async (): Promise<void> => {
      const name = names[arrived]!;
      const image = join(data, images[arrived % images.length]!);
      arrived += 1;
      if (random.next() < 0.5) {
        await copyFile(image, folder.path('waiting'));
        await rename(folder.path('waiting'), inFolder(name));
      } else {
        const bytes = await readFile(image);
        const half = Math.floor(bytes.length * random.next());
        await writeFile(inFolder(name), bytes.subarray(0, half));
        await new Promise((settle) => setTimeout(settle, 10));
        await appendFile(inFolder(name), bytes.subarray(half));
      }
    };
    const judged = async (): Promise<number> =>
      (await readFile(rows, 'utf8').catch(() => '')).split('\n').length - 1;
    const args = ['predict', run, '--watch', inFolder(), '--rows', rows, '--settle', '300', '--quiet'];
    for (let starts = 0; starts < 4; starts++) {
      const { child, done: ended } = start(args);
      const until = starts < 3 ? Math.round(((starts + 1) * ARRIVALS) / 4) : ARRIVALS;
      while (arrived < until) await arrive();
      // Killed in the midst of its work, and at the end when all is done.
      const enough = starts < 3 ? Math.round(((starts + 0.5) * ARRIVALS) / 4) : ARRIVALS;
      while ((await judged()) < enough && child.exitCode === null) {
        await new Promise((settle) => setTimeout(settle, 20));
      }
      if (starts === 1) {
        const second = await wgadHere(args);
        expect([second.code, second.stderr]).toEqual([1, expect.stringContaining(`process ${child.pid}`)]);
      }
      child.kill(starts < 3 ? 'SIGKILL' : 'SIGTERM');
      const { code, stderr } = await ended;
      if (starts === 3) expect(code, stderr).toBe(143);
    }
    const all = (await readFile(rows, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(all.map(({ path }) => path.slice(inFolder().length + 1)).sort()).toEqual(names);
    expect(all.filter(({ error }) => error)).toEqual([]);
    const scores = new Map(
      (await done('predict', run, ...images.map((name) => join(data, name)), '--no-times'))
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
        .map(({ path, calibrated }) => [path, calibrated]),
    );
    for (const { path, calibrated } of all) {
      const i = names.indexOf(path.slice(inFolder().length + 1));
      expect(calibrated).toBe(scores.get(join(data, images[i % images.length]!)));
    }
    // Nothing else may be appended to.
    await writeFile(folder.path('other.jsonl'), '{"path":"x"}\n');
    const other = await wgadHere([...args.slice(0, 4), '--rows', folder.path('other.jsonl')]);
    expect([other.code, other.stderr]).toEqual([1, expect.stringContaining('did not write')]);
  },
  SLOW,
);

it.each([
  [['--watch', 'in'], '--watch expects --rows'],
  [['--watch', 'in', 'more'], '--watch expects no other paths'],
  [[], 'predict expects images, or --watch'],
  [['photos', '--rows', 'x'], '--rows is for --watch'],
  [['--watch', '.', '--rows', 'rows.jsonl'], 'lies in the folder that images are read from'],
])('predict %o is refused', async (args, message) => {
  const { code, stderr } = await wgadHere(['predict', 'run', ...args]);
  expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
});
