import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { unzipSync } from 'fflate';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adoptedRun, requireSame } from '../../site/src/train/adopted.ts';
import { trainingImages } from '../../site/src/train/chosenImages.ts';
import { lossesIn, shownPoints } from '../../site/src/train/losses.ts';
import { TimeLeft } from '../../site/src/train/timeLeft.ts';
import { listImages, scanDataset, synthesize } from '../../src/data/index.ts';
import { newConfig } from '../../src/run/config.ts';
import { dataChecksum } from '../../src/run/dataChecksum.ts';
import { withPresets } from '../../src/run/presets.ts';
import type { RunConfig } from '../../src/run/settings.ts';
import { testRun } from '../../src/score/testRun.ts';
import { VERSION } from '../../src/version.ts';
import { weightsChecksum } from '../../src/weights/source.ts';
import { ONE_DEVICE } from '../parking.ts';
import { executablePath, root } from './openSite.ts';
import { pagesInChromium, SLOW, violations } from './pagesInChromium.ts';
import { type PageSettings, startTraining } from './startTraining.ts';

/** Of the training on the page and in Node. */
const SETTINGS = { size: 64, batch: 4, iterations: 24, alignIterations: 100, seed: 0 };

let folder = '';
let data = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wgad-train-page-'));
  data = join(folder, 'data');
  await synthesize({ out: data, classes: 4, train: 5, test: 4, size: 80, seed: 3 });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A folder with these files, all of them one small image. */
async function tree(name: string, ...paths: readonly string[]): Promise<string> {
  const top = join(folder, name);
  const image = await readFile((await listImages([data]))[0]!);
  for (const path of paths) {
    await mkdir(dirname(join(top, path)), { recursive: true });
    await writeFile(join(top, path), image);
  }
  return top;
}

/** As a page is given a folder. */
const given = (top: string, paths: readonly string[]) => {
  const name = top.split('/').at(-1)!;
  return paths.toReversed().map((path) => ({ path: `${name}/${path}`, file: new Blob() }));
};

describe('what the page trains on', () => {
  it('is what wgad train takes from the same folder, in its order', async () => {
    const own = (await listImages([data])).map((path) => path.slice(data.length + 1));
    const cases: readonly (readonly string[])[] = [
      own,
      [
        'b/train/good/2.png',
        'b/train/good/a/1.PNG',
        'b/train/good/a.png',
        'a/Train/Good/10.jpg',
        'a/test/bad/1.png',
      ],
      [
        'x/train/1.png',
        'x/train/deep/er/2.png',
        'x/test/normal/3.png',
        'x/train/.hidden.png',
        'x/train/@eaDir/4.png',
      ],
      ['train/1.png', 'train/10.png', 'train/2.png', 'test/crack/1.png'],
      ['1cls/k/train/good/1.png', '1cls/j/train/good/1.png', '1cls/j/ground_truth/bad/1.png'],
    ];
    for (const [i, paths] of cases.entries()) {
      const top = i === 0 ? data : await tree(`case${i}`, ...paths);
      const there = await scanDataset(top);
      const here = trainingImages(given(top, paths));
      expect(here.images.map(({ id, className }) => [id, className])).toEqual(
        there.train.map(({ id, className }) => [id, className]),
      );
      expect(here.classes).toEqual(there.classes);
    }
  });

  it('is all images of any other folder, but masks, and nothing is made of a test set', () => {
    const plain = trainingImages(given('photos', ['b.jpg', 'a/1.png', 'a/1_mask.png', 'notes.txt']));
    expect(plain.images.map(({ id }) => id)).toEqual(['a/1.png', 'b.jpg']);
    expect(plain).toMatchObject({
      name: 'photos',
      classes: ['photos'],
      notes: ['1 mask is not trained on.'],
    });
    expect(() => trainingImages(given('photos', ['notes.txt']))).toThrow('photos: holds no image');
    expect(() => trainingImages([])).toThrow('holds no image');
    expect(() => trainingImages(given('set', ['k/test/good/1.png']))).toThrow('none to train on');
  });
});

it('a run folder goes on where the page can train it, on its own images and weights alone', async () => {
  // As a file has it: without what is undefined.
  const config = JSON.parse(JSON.stringify(await nodeConfig({ size: 64 }))) as RunConfig;
  const files = (of: unknown, ...others: readonly string[]) => [
    { path: 'mine/config.json', file: new Blob([typeof of === 'string' ? of : JSON.stringify(of)]) },
    ...others.map((path) => ({ path, file: new Blob(['x']) })),
  ];
  const run = await adoptedRun(
    files(config, 'mine/checkpoint.safetensors', 'mine/log.jsonl', 'mine/report.html'),
  );
  expect(run).toMatchObject({ name: 'mine', config });
  expect([...run.files.keys()]).toEqual(['checkpoint.safetensors', 'log.jsonl']);
  expect(() => requireSame(run, config)).not.toThrow();
  expect(() => requireSame(run, { ...config, weightsSha256: '0' })).toThrow('other weights of the encoder');
  expect(() => requireSame(run, { ...config, dataSha256: '0' })).toThrow('on other images');
  const refused: readonly (readonly [ReturnType<typeof files>, string])[] = [
    [files(config).slice(1), 'holds no config.json'],
    [files(config, 'mine/weights.safetensors'), 'mine: is trained already'],
    [files('[1'), 'mine/config.json: is not JSON of a run'],
    [files({ ...config, size: 65 }), 'size expects a multiple of 32'],
    [files({ ...config, classes: ['a'] }), 'it is of some classes'],
    [files({ ...config, dataSha256: undefined }), 'which images it is of'],
    [
      files({ ...config, method: 'draem', encoder: 'none', weights: 'none', align: ['none'], width: 16 }),
      'draem draws anomalies into its images',
    ],
  ];
  for (const [chosen, text] of refused) await expect(adoptedRun(chosen)).rejects.toThrow(text);
});

it('a curve takes steps that were done again in place of the first', () => {
  const line = (stage: string, step: number, loss: number): string => JSON.stringify({ stage, step, loss });
  const log = [
    ...[line('detector', 1, 4), line('detector', 11, 3), line('detector', 21, 2)],
    ...['{"stage":"features","note":"x"}', line('detector', 15, 2.5), line('regressor', 1, 9)],
  ];
  expect(lossesIn(`${log.join('\n')}\n`).map(({ step, loss }) => [step, loss])).toEqual([
    [1, 4],
    [11, 3],
    [15, 2.5],
    [1, 9],
  ]);
  expect(lossesIn('')).toEqual([]);
});

it('a curve of many points keeps the lowest and the highest of each few pixels', () => {
  const points = Array.from({ length: 10_000 }, (_, i) => ({ step: i, loss: Math.sin(i) + 1.5 }));
  points[7123]!.loss = 100;
  points[2048]!.loss = 0.001;
  const shown = shownPoints(points, 500);
  expect(shown.length).toBeLessThanOrEqual(500);
  expect(shown).toContain(points[7123]);
  expect(shown).toContain(points[2048]);
  expect(shown).toEqual(points.filter((point) => shown.includes(point)));
  expect(shownPoints(points.slice(0, 500), 500)).toEqual(points.slice(0, 500));
});

it('time left goes by what was measured before, then by the steps seen', () => {
  const work = [
    { stage: 'features', of: 10 },
    { stage: 'detector', of: 100 },
    { stage: 'collect', of: 10 },
    { stage: 'regressor', of: 50 },
  ] as const;
  const left = new TimeLeft(work, { load: 1, forward: 0.5, step: 2, heads: 0.1 });
  expect(left.after('features', 0, 0)).toBeCloseTo(5 + 200 + 5 + 5);
  expect(left.after('detector', 0, 10_000)).toBeCloseTo(200 + 5 + 5);
  expect(left.after('detector', 10, 20_000)).toBeCloseTo(90 + 5 + 5);
  expect(left.after('regressor', 50, 30_000)).toBe(0);
  const unknown = new TimeLeft(work, undefined);
  expect(unknown.after('detector', 0, 0)).toBeUndefined();
  expect(unknown.after('regressor', 0, 0)).toBeUndefined();
  expect(unknown.after('regressor', 10, 10_000)).toBeCloseTo(40);
});

describe.skipIf(!executablePath)('the Train page in Chromium', () => {
  const pages = pagesInChromium();
  const choose = async (page: Page, path: string): Promise<void> => {
    await page.locator('input[data-for="Choose a folder"]').setInputFiles(path);
  };
  const training = (page: Page) => page.getByRole('region', { name: 'Training', exact: true });
  const says = (page: Page, text: string | RegExp, timeout = SLOW): Promise<void> =>
    training(page).getByRole('status').filter({ hasText: text }).waitFor({ timeout });

  it(
    'names what cannot be trained on, and can be stopped',
    async () => {
      const { page, complaints } = await pages.openPage('train.html');
      await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
      await page.context().setOffline(true);
      const empty = join(pages.folder, 'empty');
      await mkdir(empty);
      await writeFile(join(empty, 'notes.txt'), 'no image');
      await choose(page, empty);
      await page.getByRole('alert').filter({ hasText: 'empty: holds no image' }).waitFor();
      const train = page.getByRole('button', { name: 'Train', exact: true });
      expect(await train.isDisabled()).toBe(true);

      const mixed = await tree('mixed', 'good.png');
      await writeFile(join(mixed, 'broken.png'), 'no image');
      await choose(page, mixed);
      await page.getByText('2 images in mixed').waitFor();
      await page.getByText('More settings').click();
      await page.getByLabel('Image side, px').fill('65');
      await train.click();
      await page.getByRole('alert').filter({ hasText: 'size expects a multiple of 32' }).waitFor();
      await page.getByLabel('Image side, px').fill('64');
      await page.locator('input[data-for="Open other weights"]').setInputFiles({
        name: 'other.safetensors',
        mimeType: '',
        buffer: Buffer.from('no weights'),
      });
      await train.click();
      await page.getByRole('alert').filter({ hasText: 'other.safetensors: is a text' }).waitFor();
      await page.getByLabel('Encoder').selectOption('resnet18_w16');
      await train.click();
      await page.getByText('1 image cannot be read. Nothing was trained.').waitFor();
      expect(await page.locator('ul.refused li').allInnerTexts()).toEqual([
        expect.stringContaining('broken.png: it is not a PNG, JPEG, WebP or BMP file'),
      ]);
      expect(await violations(page)).toEqual([]);
      await page.getByRole('button', { name: 'Train on the other 1' }).click();
      await page.getByRole('button', { name: 'Pause' }).click();
      await says(page, /^Paused|^Stopped/);
      expect(complaints).toEqual([]);
    },
    SLOW,
  );

  it('asks for a folder through the File System Access API where the browser has it', async () => {
    const { page, complaints } = await pages.openPage('train.html', async (each) => {
      await each.addInitScript(() => {
        window.showDirectoryPicker = async () => {
          const root = await navigator.storage.getDirectory();
          const picked = await root.getDirectoryHandle('picked', { create: true });
          const deep = await picked.getDirectoryHandle('deep', { create: true });
          for (const folder of [picked, deep]) await folder.getFileHandle('1.png', { create: true });
          return picked;
        };
      });
    });
    await page.getByRole('button', { name: 'Choose a folder' }).click();
    await page.getByText('2 images in picked').waitFor();
    expect(complaints).toEqual([]);
  });

  it(
    'trains through a closed tab, full storage and a lost device, offline, in one tab at a time, to what Node trains',
    async () => {
      const { page: first, complaints } = await pages.openPage('train.html');
      let page = first;
      await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
      const room = await limitedStorage(page);
      await room.limit(1);
      await startTraining(page, data, { ...SETTINGS, saveEvery: 0 });
      const saysNoRoom = (of: string): Promise<void> =>
        training(page)
          .getByRole('alert')
          .filter({ hasText: new RegExp(`${of}: ${NO_ROOM}`) })
          .waitFor({ timeout: SLOW });
      await saysNoRoom('cannot be opened');
      // For the folder, and not for all images.
      await room.limit((await room.used()) + 100_000);
      const train = page.getByRole('button', { name: 'Train', exact: true });
      await train.click();
      await saysNoRoom('images.rgb: cannot be written');
      expect(await violations(page)).toEqual([]);
      await room.limit();
      await train.click();
      await training(page).getByText('saved: detector, step').waitFor({ timeout: SLOW });
      expect(await violations(page)).toEqual([]);

      await page.context().setOffline(true);
      await page.close();
      page = await pages.another(first, 'train.html', complaints);
      const keptIn = (each: Page) => each.getByRole('region', { name: 'Trainings in this browser' });
      await keptIn(page).getByText('saved: detector, step').waitFor();
      await keepDevices(page);
      await keptIn(page).getByRole('button', { name: 'Go on' }).click();
      await says(page, 'Compiling kernels');

      const other = await pages.another(first, 'train.html', complaints);
      other.on('dialog', (dialog) => void dialog.accept());
      for (const button of ['Remove', 'Go on']) {
        await keptIn(other).getByRole('button', { name: button }).click();
        await other.getByRole('alert').filter({ hasText: 'another tab is at work' }).waitFor();
      }
      expect(await violations(other)).toEqual([]);
      await other.close();

      const storage = await limitedStorage(page);
      await storage.limit(1);
      await saysNoRoom('cannot be written');
      expect(await violations(page)).toEqual([]);
      await storage.limit();
      await training(page).getByRole('button', { name: 'Go on' }).click();
      await says(page, 'Compiling kernels');
      await loseDevice(page);
      await training(page)
        .getByText('The graphics device was lost and opened again')
        .waitFor({ timeout: SLOW });
      await says(page, 'Trained.');
      await training(page)
        .getByRole('img', { name: /^Loss of detector: .* at step 24$/ })
        .waitFor();
      await training(page)
        .getByRole('img', { name: /^Loss of alignment: .* at step 100$/ })
        .waitFor();
      expect(await violations(page)).toEqual([]);
      const run = await savedRun(page, 'short');
      page.once('dialog', (dialog) => void dialog.accept());
      await keptIn(page).getByRole('button', { name: 'Remove' }).click();
      await keptIn(page).waitFor({ state: 'detached' });
      expect(complaints).toEqual([]);

      await nodesRun(run, data, SETTINGS);
      expect(Object.keys((await protocolsOf(run, data))['absolute-unified'])).toEqual(['none', 'cada']);
    },
    // On the page and in Node, which compiles all kernels too.
    2 * SLOW,
  );

  // An hour, half of it in Node, where other programs have the cores.
  it.skipIf(!process.env.LONG)(
    'trains four classes of 40 images by the quick preset to what Node trains',
    async () => {
      const four = join(folder, 'four');
      await synthesize({ out: four, classes: 4, train: 40, test: 30, size: 160, seed: 3 });
      const { page, complaints } = await pages.openPage('train.html');
      await startTraining(page, four, { seed: 0 });
      await says(page, 'Trained.', LONGEST);
      expect(complaints).toEqual([]);
      const run = await savedRun(page, 'long');
      const own = await nodesRun(run, four, { seed: 0 });
      expect(await protocolsOf(run, four)).toEqual(await protocolsOf(own, four));
    },
    2 * LONGEST,
  );

  /** The folder of the run that was trained. */
  async function savedRun(page: Page, name: string): Promise<string> {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      training(page).getByRole('button', { name: 'Save as zip' }).click(),
    ]);
    const run = join(folder, name, 'run');
    await mkdir(run, { recursive: true });
    for (const [path, bytes] of Object.entries(unzipSync(await readFile(await download.path())))) {
      await writeFile(join(folder, name, path), bytes);
    }
    return run;
  }

  /** Trains the same in Node on the browser's own adapter, and compares. @returns the folder of that run. */
  async function nodesRun(run: string, images: string, settings: PageSettings): Promise<string> {
    const own = join(run, '..', 'node');
    await trainInNode(own, images, settings, await pages.vulkanDriver());
    const configIn = async (of: string) =>
      JSON.parse(await readFile(join(of, 'config.json'), 'utf8')) as RunConfig;
    const { data: name, adapter: _, ...rest } = await configIn(run);
    expect(name).toBe(basename(images));
    expect(await configIn(own)).toMatchObject(rest);
    const [theirs, ours] = await Promise.all(
      [run, own].map((each) => readFile(join(each, 'weights.safetensors'))),
    );
    expect(theirs!.equals(ours!), 'the same weights on the same adapter, to the last bit').toBe(true);
    return own;
  }

  const protocolsOf = async (run: string, images: string) =>
    (await testRun({ run, data: images, times: false, gpu: ONE_DEVICE })).protocols;
});

/** Ms that a training of the quick preset's steps may take in software, on a busy machine. */
const LONGEST = 3 * 3_600_000;

const NO_ROOM = 'the browser gives this page no more room';

/** The room that the browser gives the page. */
async function limitedStorage(page: Page) {
  const session = await page.context().newCDPSession(page);
  const { origin } = new URL(page.url());
  return {
    /** @param quotaSize in bytes; absent: as before. */
    limit: (quotaSize?: number) => session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize }),
    /** In bytes. */
    used: async (): Promise<number> => (await session.send('Storage.getUsageAndQuota', { origin })).usage,
  };
}

/** `wgad train` with the browser's own Vulkan driver. */
async function trainInNode(
  out: string,
  images: string,
  settings: PageSettings,
  driver: string,
): Promise<void> {
  const flags = Object.entries(settings).flatMap(([name, value]) => [
    `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
    String(value),
  ]);
  const main = join(root, 'dist', 'cli', 'main.js');
  await promisify(execFile)(
    process.execPath,
    [
      main,
      'train',
      images,
      '--out',
      out,
      '--preset',
      'quick',
      '--encoder',
      'resnet18_w16',
      '--quiet',
      ...flags,
    ],
    { env: { ...process.env, VK_ICD_FILENAMES: driver } },
  );
}

/** The configuration that `wgad train` makes of the same settings. */
async function nodeConfig(settings: Partial<RunConfig>): Promise<RunConfig> {
  const encoder = 'resnet18_w16';
  const config = newConfig({
    ...withPresets({ preset: 'quick', encoder, ...settings }),
    version: VERSION,
    seed: 0,
    ...settings,
    data,
    adapter: '',
  });
  return {
    ...config,
    weightsSha256: await weightsChecksum(encoder, 'embedded'),
    dataSha256: await dataChecksum(config),
  };
}

/** In the worker: the device that is opened next can be lost. */
async function keepDevices(page: Page): Promise<void> {
  await page.workers()[0]!.evaluate(() => {
    const { requestDevice } = GPUAdapter.prototype;
    GPUAdapter.prototype.requestDevice = async function (descriptor) {
      const device = await requestDevice.call(this, descriptor);
      (globalThis as unknown as { lastDevice: GPUDevice }).lastDevice = device;
      return device;
    };
  });
}

const loseDevice = (page: Page): Promise<void> =>
  page
    .workers()[0]!
    .evaluate(() => (globalThis as unknown as { lastDevice: GPUDevice }).lastDevice.destroy());
