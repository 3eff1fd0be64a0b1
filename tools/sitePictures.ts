#!/usr/bin/env tsx
/** Takes the documents' pictures of the pages in Chromium's software renderer (`npm run site:pictures`). Needs `npm run build`. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { synthesize } from '../src/data/index.ts';
import { executablePath, openSite, root } from '../test/site/openSite.ts';
import { startTraining } from '../test/site/startTraining.ts';

/** Kernels are compiled and run by the processor. */
const SLOW = 1_800_000;
const QUALITY = 80;
/** Pixels of the window and, made smaller, of a picture. */
const WIDTH = { window: 1120, picture: 900 };

type Clip = { readonly x: number; readonly y: number; readonly width: number; readonly height: number };

async function keep(page: Page, name: string, clip?: Clip): Promise<void> {
  const shot = await page.screenshot({ fullPage: true, ...(clip && { clip }) });
  await sharp(shot)
    .resize({ width: WIDTH.picture })
    .webp({ quality: QUALITY })
    .toFile(join(root, 'docs', `${name}.webp`));
  process.stdout.write(`docs/${name}.webp\n`);
}

const takes: Readonly<Record<string, (page: Page, address: string, folder: string) => Promise<void>>> = {
  async inspect(page, address) {
    await page.goto(address);
    await page.getByRole('status').filter({ hasText: '9 images judged' }).waitFor();
    await keep(page, 'inspect');
  },

  async train(page, address, folder) {
    const data = join(folder, 'data');
    await synthesize({ out: data, classes: 4, train: 5, test: 4, size: 80, seed: 3 });
    await page.goto(`${address}train.html`);
    await startTraining(page, data, { size: 64, iterations: 150, alignIterations: 3000 });
    await page.getByText('More settings').click();
    await page
      .getByRole('status')
      .filter({ hasText: /^Alignment: 1\d\d\d of/ })
      .waitFor();
    await keep(page, 'train');
  },

  async 'kernels-page'(page, address) {
    await page.goto(`${address}kernels.html`);
    const [roofline, results] = ['Roofline', 'Results'].map((name) =>
      page.getByRole('region', { name, exact: true }),
    );
    await page.getByRole('button', { name: 'Measure the roofline' }).click();
    await page.getByRole('button', { name: 'Measure it again' }).waitFor();
    const networks = page.getByRole('region', { name: 'Networks' });
    await networks.getByLabel('Network').selectOption('resnet18_w16');
    await networks.getByLabel('Side, px').fill('64');
    // Some convolutions, and the pool.
    await networks
      .getByRole('textbox', { name: 'Filter' })
      .fill('resnet18_w16/(conv2d .*->(16|32|64)\\b|maxPool2d )');
    await networks.getByRole('button', { name: 'Measure' }).click();
    await networks.getByText(/^(\d+) of \1 measured$/).waitFor();
    // What lies between the roofline and its numbers.
    await page.evaluate(() => {
      for (const name of ['Any op', 'Networks']) {
        document.querySelector<HTMLElement>(`section[aria-label="${name}"]`)!.style.display = 'none';
      }
    });
    const [top, bottom] = [await roofline!.boundingBox(), await results!.boundingBox()];
    const scrolled = await page.evaluate(() => scrollY);
    const y = top!.y + scrolled - 8;
    const height = bottom!.y + bottom!.height + scrolled + 8 - y;
    await keep(page, 'kernels-page', { x: 0, y, width: WIDTH.window, height });
  },
};

async function main(names: readonly string[]): Promise<void> {
  const unknown = names.find((name) => !(name in takes));
  if (unknown) throw new Error(`${unknown}: no picture; there are ${Object.keys(takes).join(', ')}`);
  if (!executablePath) throw new Error('no chromium or google-chrome here: name one in WGAD_CHROMIUM');
  const folder = await mkdtemp(join(tmpdir(), 'wgad-pictures-'));
  const { browser, address, close } = await openSite();
  try {
    for (const name of names.length > 0 ? names : Object.keys(takes)) {
      const context = await browser.newContext({ viewport: { width: WIDTH.window, height: 900 } });
      const page = await context.newPage();
      page.setDefaultTimeout(SLOW);
      await takes[name]!(page, address, folder);
      await context.close();
    }
  } finally {
    await close();
    await rm(folder, { recursive: true, force: true });
  }
}

await main(process.argv.slice(2));
