import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { deviceClock } from '../../src/bench/deviceClock.ts';
import { measure } from '../../src/bench/measure.ts';
import type { Pace } from '../../src/bench/planCase.ts';
import type { BenchRecord } from '../../src/bench/record.ts';
import { readRecords, writeRecords } from '../../src/bench/recordFile.ts';
import { subjectOf } from '../../src/cli/opCall.ts';
import { provenance } from '../../src/cli/provenance.ts';
import { loadPixels } from '../../src/data/loadImage.ts';
import { openWeights } from '../../src/formats/weightsFile.ts';
import { UNALIGNED } from '../../src/methods/alignments/index.ts';
import { openSession } from '../../src/runtime/session.ts';
import { scorerOn } from '../../src/score/scorerOn.ts';
import { servedAlignment } from '../../src/score/storedThreshold.ts';
import { webRunIn } from '../../src/score/webRun.ts';
import { allTensors } from '../../src/weights/tensorSource.ts';
import { executablePath, root, site } from './openSite.ts';
import { pagesInChromium, SLOW, violations } from './pagesInChromium.ts';

const example = join(root, 'site', 'public', 'example');
const PAGES = ['index.html', 'train.html', 'kernels.html'];
/** Of each page's scripts, in bytes. */
const MOST_GZIP = 200_000;

interface Saved {
  readonly threshold: number;
  readonly images: readonly {
    path: string;
    score: number;
    calibrated: number;
    unfamiliar: boolean;
    verdict: string;
  }[];
}

it('each page loads less than 200 kB of scripts, compressed, and nothing from elsewhere', async () => {
  for (const page of PAGES) {
    const html = await readFile(join(site, page), 'utf8');
    expect(html).toContain("default-src 'none'; script-src 'self';");
    const seen = new Set<string>();
    const visit = async (name: string): Promise<number> => {
      if (seen.has(name)) return 0;
      seen.add(name);
      const text = await readFile(join(site, name), 'utf8');
      const inner = [...text.matchAll(/[\w.-]+-[\w-]{8}\.js/g)].map(([file]) => `assets/${file}`);
      let sum = gzipSync(text).length;
      for (const each of inner) sum += await visit(each);
      return sum;
    };
    const scripts = [...html.matchAll(/src="\.\/([^"]+\.js)"/g)].map(([, name]) => name!);
    expect(scripts.length).toBeGreaterThan(0);
    let bytes = 0;
    for (const name of scripts) bytes += await visit(name);
    expect(seen.size, 'the worker counts too').toBeGreaterThan(scripts.length);
    expect(bytes, page).toBeLessThan(MOST_GZIP);
    expect(await readFile(join(site, 'serviceWorker.js'), 'utf8'), 'is kept for use offline').toContain(
      `"${page}"`,
    );
  }
});

describe.skipIf(!executablePath)('the pages in Chromium', () => {
  const pages = pagesInChromium();
  const { openPage } = pages;
  const judged = (page: Page, count: number): Promise<unknown> =>
    page
      .getByRole('status')
      .filter({ hasText: `${count} images judged` })
      .waitFor({ timeout: SLOW });
  const saved = async (page: Page): Promise<Saved> => {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'as JSON' }).click(),
    ]);
    return JSON.parse(await readFile(await download.path(), 'utf8')) as Saved;
  };
  it(
    'Inspect judges the example and odd images as Node does, names wrong files, and needs no network afterwards',
    async () => {
      const { page, complaints } = await openPage();
      await judged(page, 9);
      expect(await violations(page)).toEqual([]);
      const first = await saved(page);
      expect(first.images.map(({ path }) => path).sort()).toEqual(
        (JSON.parse(await readFile(join(example, 'images.json'), 'utf8')) as string[]).sort(),
      );
      expect(first.images.find(({ path }) => path === 'nut-good.png')).toMatchObject({ unfamiliar: true });

      const source = sharp(join(example, 'capsule-crack.png')).resize(213, 177);
      const { data, info } = await source.clone().ensureAlpha().raw().toBuffer({ resolveWithObject: true });
      for (let i = 3; i < data.length; i += 4) data[i] = i % 251;
      await source
        .clone()
        .jpeg({ quality: 85 })
        .withMetadata({ orientation: 6 })
        .toFile(join(pages.folder, 'turned.jpg'));
      await source.clone().withIccProfile('p3').png().toFile(join(pages.folder, 'profile.png'));
      await sharp(data, { raw: info }).png().toFile(join(pages.folder, 'alpha.png'));
      await source.clone().webp().toFile(join(pages.folder, 'lossy.webp'));
      await source.clone().toColourspace('rgb16').png().toFile(join(pages.folder, 'deep.png'));
      await source.clone().tiff().toFile(join(pages.folder, 'other.tiff'));
      await source.clone().toColourspace('cmyk').jpeg().toFile(join(pages.folder, 'printed.jpg'));
      await writeFile(join(pages.folder, 'text.png'), 'no image');
      await writeFile(join(pages.folder, 'empty.png'), '');
      await writeFile(
        join(pages.folder, 'cut.png'),
        (await source.clone().png().toBuffer()).subarray(0, 9000),
      );
      await page.locator('input[data-for="Add a folder"]').setInputFiles(pages.folder);
      await judged(page, 19);
      expect(await page.locator('ul.refused li').allInnerTexts()).toEqual([
        expect.stringContaining('cut.png: its data are damaged'),
        expect.stringContaining('deep.png: it has 16 bits per channel'),
        expect.stringContaining('empty.png: the file is empty'),
        expect.stringContaining('other.tiff: browsers do not read TIFF'),
        expect.stringContaining('printed.jpg: its colours are those of printers'),
        expect.stringContaining('text.png: it is not a PNG, JPEG, WebP or BMP file'),
      ]);

      const { threshold, images } = await saved(page);
      const paths = images.map(({ path }) =>
        path.includes('/') ? join(pages.folder, '..', path) : join(example, path),
      );
      const there = await scoresInNode(paths);
      expect(images).toHaveLength(13);
      for (const [i, image] of images.entries()) {
        expect(Math.abs(image.calibrated - there[i]!.calibrated), image.path).toBeLessThan(1e-4);
        expect(Math.abs(image.score - there[i]!.score), image.path).toBeLessThan(1e-4);
        expect(image.unfamiliar, image.path).toBe(there[i]!.unfamiliar);
        expect(image.verdict).toBe(image.calibrated >= threshold ? 'anomalous' : 'normal');
      }

      await page.getByLabel('Threshold as a number').fill('-1');
      await page.keyboard.press('Enter');
      await page.locator('p[aria-live]').filter({ hasText: '13 of 13 anomalous' }).waitFor();
      await page.getByRole('button', { name: 'Stored one' }).click();
      await page.getByLabel('Map over the image').fill('0.9');
      await page.locator('ul.grid button').first().press('Enter');
      await page.getByText('1 of 13').waitFor();
      await page.keyboard.press('ArrowRight');
      await page.getByText('2 of 13').waitFor();
      expect(await violations(page)).toEqual([]);
      await page.keyboard.press('Escape');

      await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
      await page.context().setOffline(true);
      await page.reload();
      await page.getByRole('heading', { name: 'Inspect images' }).waitFor();
      expect(await page.evaluate(async () => (await fetch('./example/detector.wgad')).status)).toBe(200);
      expect(complaints).toEqual([]);
    },
    SLOW,
  );

  it(
    'Inspect opens a run folder, says what is wrong with others, and watches the camera',
    async () => {
      const bytes = await readFile(join(example, 'detector.wgad'));
      const length = Number(bytes.readBigUInt64LE(0));
      const header = JSON.parse(bytes.subarray(8, 8 + length).toString()) as {
        __metadata__: Record<string, string>;
      };
      const run = await mkdtemp(join(tmpdir(), 'wgad-pages-run-'));
      const config = header.__metadata__.config!;
      delete header.__metadata__.web;
      const lead = Buffer.from(JSON.stringify(header).padEnd(length));
      const weights = Buffer.concat([bytes.subarray(0, 8), lead, bytes.subarray(8 + length)]);
      await writeFile(join(run, 'weights.safetensors'), weights);
      await writeFile(join(run, 'config.json'), config);
      const { page, complaints } = await openPage('', (each) =>
        each.route('**/detector.wgad', (route) => route.fulfill({ status: 404 })).then(() => {}),
      );
      await page.getByText('example/detector.wgad cannot be loaded: 404').waitFor();
      const opens = async (input: string, path: string, text: string): Promise<void> => {
        await page.locator(`input[data-for="${input}"]`).setInputFiles(path);
        await page.getByText(text).first().waitFor({ timeout: SLOW });
      };
      await opens(
        'Open a detector',
        join(run, 'weights.safetensors'),
        'holds weights, but not how images are judged',
      );
      await opens('Open a detector', join(root, 'package-lock.json'), 'passed over');
      await opens('Open a run folder', run, 'Detector: wgad-pages-run');
      // Chromium's flag for tests grants the camera whatever is set.
      await page.evaluate(() => {
        const { mediaDevices } = navigator;
        const ask = mediaDevices.getUserMedia.bind(mediaDevices);
        mediaDevices.getUserMedia = async () => {
          mediaDevices.getUserMedia = ask;
          throw new DOMException('Permission denied', 'NotAllowedError');
        };
      });
      await page.getByRole('button', { name: 'Use the camera' }).click();
      await page.getByRole('alert').filter({ hasText: 'Allow it for this page' }).waitFor();
      expect(await violations(page)).toEqual([]);
      await page.getByRole('button', { name: 'Use the camera' }).click();
      await page.getByRole('button', { name: 'Keep this one' }).click();
      await page.getByText('camera 1').waitFor();
      expect(await violations(page)).toEqual([]);
      await page.getByRole('button', { name: 'Close the camera' }).click();
      const edited = { ...(JSON.parse(config) as object), iterations: 401 };
      await writeFile(join(run, 'config.json'), JSON.stringify(edited));
      await opens('Open a run folder', run, 'is not the configuration that the weights');
      expect(complaints).toEqual([expect.stringContaining('404')]);
      await rm(run, { recursive: true });
    },
    SLOW,
  );

  it(
    'Kernels times any op and networks as wgad bench does, under a roofline; records go out and in as a file and a link, and are compared',
    async () => {
      const { page, complaints } = await openPage('kernels.html');
      await page.getByRole('heading', { name: /swiftshader/i }).waitFor();
      const table = page.locator('section[aria-label="Table of results"]');
      const time = async (call: string, beside = ''): Promise<void> => {
        await page.getByLabel('Op', { exact: true }).fill(call);
        await page.getByLabel('By turns with').fill(beside);
        await page.getByLabel('Samples').fill('2');
        await page.getByRole('button', { name: 'Time it' }).click();
      };
      await time('matmull [5,7] [7,3]');
      await page.getByRole('alert').filter({ hasText: 'did you mean matmul' }).waitFor({ timeout: SLOW });
      await time(CALL);
      await table.getByRole('row').nth(1).waitFor({ timeout: SLOW });
      await time('relu [64]', 'gelu [64]');
      await page.getByText('their results differ by').waitFor();
      await page.getByRole('img', { name: /^Roofline of measured here: at most [\d.]+ GFLOP/ }).waitFor();

      const networks = page.locator('section[aria-label="Networks"]');
      await networks.getByLabel('Network').selectOption('resnet18_w16');
      await networks.getByLabel('Side, px').fill('64');
      const measure = async (filter: string): Promise<void> => {
        await networks.getByRole('textbox', { name: 'Filter' }).fill(filter);
        await networks.getByRole('button', { name: 'Measure' }).click();
      };
      await measure('(');
      await page.getByRole('alert').filter({ hasText: 'no regular expression' }).waitFor();
      await measure('nothing has this name');
      await page.getByRole('alert').filter({ hasText: 'kernel cases matches' }).waitFor();
      await measure('resnet18_w16/.* ->');
      await networks
        .getByRole('status')
        .filter({ hasText: /^[1-9]/ })
        .waitFor({ timeout: SLOW });
      await networks.getByRole('button', { name: 'Stop' }).click();
      await networks.getByText(/^\d+ of \d+ measured, stopped$/).waitFor({ timeout: SLOW });
      expect(await violations(page)).toEqual([]);

      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: 'Save as JSON' }).click(),
      ]);
      const records = await readRecords(await download.path());
      const ofNetworks = records.slice(3);
      expect(
        ofNetworks.every(({ suite, name }) => suite === 'kernels' && name.startsWith('resnet18_w16/')),
      ).toBe(true);
      const [first, ...turns] = records.slice(0, 3);
      expect([first!.name, ...turns.map(({ name, peer }) => [name, peer])]).toEqual([
        'matmul $1:state',
        ['relu', 'gelu'],
        ['gelu', null],
      ]);
      expect(kindOf(first!)).toEqual(kindOf(await recordInNode()));

      await page.getByRole('button', { name: 'Copy a link' }).click();
      await page.waitForURL(/#records=/);
      const link = page.url();
      const changed = [
        { ...records[0]!, medianMs: records[0]!.p90Ms, p10Ms: records[0]!.p10Ms / 4, adapter: 'another' },
        { ...records[1]!, name: 'one that was not measured here', peer: null, ratio: null },
      ];
      const file = join(pages.folder, 'before.json');
      await writeRecords(file, changed);
      const open = (path: string): Promise<void> =>
        page.locator('input[data-for="Open files of records"]').setInputFiles(path);
      await open(file);
      const comparison = page.locator('section[aria-label="Comparison"]');
      await comparison
        .getByText(/before\.json was measured on another, this is .*: that compares adapters/)
        .waitFor();
      const row = comparison.getByRole('row').nth(1);
      await expect.poll(() => row.innerText()).toContain('op matmul $1:state [5,7] [7,3] -> [5,3]');
      const cells = await row.getByRole('cell').allInnerTexts();
      expect(Number(cells[2])).toBeCloseTo(records[0]!.p90Ms / records[0]!.medianMs, 1);
      await comparison.getByText('1 only in before.json').waitFor();
      await comparison.getByText(`${records.length - 1} only in measured here`).waitFor();
      expect(await violations(page)).toEqual([]);
      await open(join(root, 'package-lock.json'));
      await page.getByRole('alert').filter({ hasText: 'expects a list of benchmark records' }).waitFor();
      expect(complaints).toEqual([]);
      await page.close();

      const { page: other } = await openPage(new URL(link).pathname.slice(1) + new URL(link).hash);
      const rows = other.locator('section[aria-label="Table of results"]').getByRole('row');
      await expect.poll(() => rows.allInnerTexts()).toHaveLength(1 + records.length);
      await other.goto(link.slice(0, -9));
      await other.getByRole('alert').filter({ hasText: 'the link was cut' }).waitFor();
      await other.close();
    },
    SLOW,
  );

  it(
    'Kernels takes any of our kernels to start from, points at mistakes, names wrong results before any time, times right ones, gives up endless ones, and needs no network',
    async () => {
      const { page, complaints } = await openPage('kernels.html');
      await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
      await page.context().setOffline(true);
      await page.reload();
      const editor = page.locator('section[aria-label="Your own kernel"]');
      const text = page.getByLabel('WGSL, with the entry point main');
      const load = async (call: string, contains: string): Promise<string> => {
        await page.getByLabel('Op to start from').fill(call);
        await page.getByRole('button', { name: 'Load its kernels' }).click();
        await expect.poll(() => text.inputValue()).toContain(contains);
        return text.inputValue();
      };
      await expect.poll(() => text.inputValue()).toContain('fn main');
      const chosen = await load('matmul [33,17] [17,9]:state', 'fn main');
      const variants = editor.getByLabel('Variant');
      const others = await variants.locator('option').allInnerTexts();
      expect(others[0]).toBe('as the engine chooses here');
      expect(new Set(others).size).toBe(others.length);
      await variants.selectOption({ index: others.length - 1 });
      await expect.poll(() => text.inputValue()).not.toBe(chosen);
      const ours = await load('gelu [1000]', 'fn main');
      const attempt = async (changed: string, says: string | RegExp): Promise<string> => {
        await text.fill(changed);
        await page.getByRole('button', { name: 'Check and time' }).click();
        const outcome = editor.locator('.notice');
        await outcome.filter({ hasText: says }).waitFor();
        return outcome.innerText();
      };
      const lines = ours.split('\n');
      const at = lines.findIndex((line) => line.includes('fn main')) + 1;
      const broken = [...lines.slice(0, at), '  let mistake = nowhere;', ...lines.slice(at)].join('\n');
      expect(await attempt(broken, 'The compiler refuses it')).toContain(`Line ${at + 1}`);
      await page.getByRole('button', { name: `Line ${at + 1}` }).click();
      const selected = await text.evaluate((area) => {
        const { value, selectionStart, selectionEnd } = area as HTMLTextAreaElement;
        return value.slice(selectionStart, selectionEnd);
      });
      expect(selected).toBe('  let mistake = nowhere;');
      const idle = [...lines.slice(0, at), '  if (true) { return; }', ...lines.slice(at)].join('\n');
      const wrong = await attempt(idle, 'No time was taken');
      expect(wrong).toContain('1000 of 1000 elements differ from ours by more than 0.0001; the first at [0]');
      expect(wrong).not.toContain(' ms');
      expect(await violations(page)).toEqual([]);
      await text.fill(ours.replace(/@workgroup_size\(.*?\)/, '@workgroup_size(65535)'));
      await page.getByRole('button', { name: 'Check and time' }).click();
      await page.getByRole('alert').filter({ hasText: '65535' }).waitFor();
      const right = await attempt(ours, 'Right, and');
      expect(right).toMatch(/yours by ours\s+[\d.]+, [\d.]+ to [\d.]+/);
      expect(right).toMatch(/results differ by\s+0\.0e\+0/);
      const clock = editor.getByLabel('Time by');
      if (await clock.isVisible()) {
        await clock.selectOption('timestamps');
        expect(await attempt(ours, 'Right, and')).toMatch(/by the GPU’s timestamps|too short for the steps/);
      }

      // It takes seconds: what truly never ended would hold this browser's WebGPU for good.
      const long = '  for (var i = 0u; i < 5000000u; i++) { out[0] = out[0] + 1.0; }';
      await text.fill([...lines.slice(0, at), long, ...lines.slice(at)].join('\n'));
      await page.getByRole('button', { name: 'Check and time' }).click();
      await page.getByRole('button', { name: 'Give it up' }).click();
      await page.getByRole('alert').filter({ hasText: 'The kernel was given up' }).waitFor();
      expect(await violations(page)).toEqual([]);
      expect(await text.inputValue(), 'stays').toContain(long);
      await attempt(ours, 'Right, and');
      expect(complaints).toEqual([]);
      await page.close();
    },
    SLOW,
  );

  it('pages say what to do where there is no WebGPU', async () => {
    for (const name of PAGES) {
      const { page, complaints } = await openPage(name, (each) =>
        each
          .addInitScript(() => Object.defineProperty(navigator, 'gpu', { value: undefined }))
          .then(() => {}),
      );
      await page.getByRole('heading', { name: 'No WebGPU here' }).waitFor();
      expect(await page.locator('li').allInnerTexts()).toContainEqual(expect.stringContaining('Chromium'));
      expect(await violations(page)).toEqual([]);
      expect(complaints).toEqual([]);
    }
  });
});

const CALL = 'matmul [5,7] [7,3]:state';

/** As `wgad bench op` measures it. */
async function recordInNode(): Promise<BenchRecord> {
  const clock = deviceClock();
  const session = await openSession({ profiler: clock.profiler });
  const pace: Pace = { peakGflops: 1, peakAt: '', copyGbs: 1, copyAt: '', submitMs: 1, dispatchMs: 1 };
  const subject = subjectOf('op', CALL);
  const record = await measure({ gpu: session.gpu, clock }, subject, { pace, samples: 2 });
  session.close();
  return { ...record, ...(await provenance()) };
}

/** Its entries with the types of what they hold; browsers do not say what the process holds. */
function kindOf(record: BenchRecord): Record<string, string> {
  const { memory, floorMs, gpuMs, granularityNs, ...flat } = record;
  const { resident, ...bytes } = memory!;
  return Object.fromEntries(
    Object.entries({ ...flat, ...bytes, ...floorMs }).map(([name, value]) => [name, typeof value]),
  );
}

/** What `wgad predict` says of these images, by the same detector. */
async function scoresInNode(paths: readonly string[]) {
  const file = await openWeights(join(example, 'detector.wgad'));
  const { config } = webRunIn(file.path, file.metadata)!;
  const aligned = servedAlignment(config);
  const scorer = await scorerOn(await openSession(), allTensors(file), config, [UNALIGNED, aligned]);
  const planes = await Promise.all(paths.map((path) => loadPixels(path, config.size)));
  const scored = await scorer.score(
    planes,
    planes.map(() => 0),
  );
  const unfamiliar = scored.map((each) => scorer.unfamiliar(each));
  scorer.close();
  await file.close();
  return scored.map(({ scores }, i) => ({
    score: scores.get(UNALIGNED)!,
    calibrated: scores.get(aligned)!,
    unfamiliar: unfamiliar[i],
  }));
}
