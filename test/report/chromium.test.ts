import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { page } from '../../src/report/page.ts';
import { findChromium, openInChromium } from '../chromium.ts';
import { hostile, pageSource } from './source.ts';

const chromium = findChromium();
if (!chromium) {
  process.stderr.write(
    'report in Chromium: skipped, no chromium or google-chrome here (install one, or name it in WGAD_CHROMIUM)\n',
  );
}

/** Pictures of the galleries that do not lie within the page. */
const CUT_PICTURES = `[...document.images].filter((image) => {
  const { left, right, width } = image.getBoundingClientRect();
  return left < 0 || right > document.documentElement.clientWidth || width < 64;
}).length`;
/** Names of pictures that take more than two lines. */
const BROKEN_LABELS = `[...document.querySelectorAll('.pictures figcaption')]
  .filter((label) => label.getBoundingClientRect().height > 34).map((label) => label.textContent)`;
/** Texts of the distributions that lie over a point. */
const LABELS_ON_POINTS = `[...document.querySelectorAll('svg.wide')].flatMap((svg) => {
  const points = [...svg.querySelectorAll('circle')].map((point) => point.getBoundingClientRect());
  return [...svg.querySelectorAll('text')].filter((text) => {
    const box = text.getBoundingClientRect();
    return points.some((p) => p.right > box.left && p.left < box.right && p.bottom > box.top && p.top < box.bottom);
  }).map((text) => text.textContent);
})`;

it.skipIf(!chromium)(
  'opens in Chromium: every picture drawn, nothing asked for, nothing run, nothing complained about',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'wgad-report-'));
    const path = join(folder, 'report.html');
    await writeFile(path, page(await pageSource()));
    const address = pathToFileURL(path).href;
    const opened = await openInChromium(chromium!, address);
    try {
      expect(opened.requests.filter((url) => !url.startsWith('data:'))).toEqual([address]);
      expect(opened.complaints).toEqual([]);
      const images = await opened.evaluate<number[]>(
        '[...document.images].map((image) => image.complete ? image.naturalWidth : 0)',
      );
      expect(images).toEqual(Array.from({ length: 6 * 8 }, () => 32));
      expect(await opened.evaluate('document.title')).toBe(hostile);
      expect(await opened.evaluate('document.scripts.length')).toBe(0);
      // The hostile name is text in the table, and has made no element.
      expect(await opened.evaluate('document.querySelectorAll("img[src=x]").length')).toBe(0);
      const headings = await opened.evaluate<string[]>(
        '[...document.querySelectorAll("h2")].map((heading) => heading.textContent)',
      );
      expect(headings).toEqual([
        'Metrics',
        'Scores of test images by class',
        'One threshold for all: curves',
        'One threshold for all, or one for each class',
        'Unlike what was trained on',
        'Images and maps',
        'By class',
        'Run',
      ]);
      // Wide tables scroll in themselves: the page does not, on a phone as on a wide screen.
      for (const width of [375, 1200, 1920]) {
        await opened.resize(width);
        expect(await opened.evaluate('document.documentElement.scrollWidth'), `${width} px`).toBe(
          await opened.evaluate('document.documentElement.clientWidth'),
        );
        expect(await opened.evaluate(CUT_PICTURES), `${width} px`).toBe(0);
        expect(await opened.evaluate(BROKEN_LABELS), `${width} px`).toEqual([]);
        expect(await opened.evaluate(LABELS_ON_POINTS), `${width} px`).toEqual([]);
      }
      await opened.resize(1280);
      const shot = await opened.screenshot();
      if (process.env.WGAD_SCREENSHOT) await writeFile(process.env.WGAD_SCREENSHOT, shot);
      const { width, height } = await sharp(shot).metadata();
      // Less where a scroll bar takes its part.
      expect(width).toBeGreaterThan(1200);
      expect(height).toBeGreaterThan(1500);
      const { channels } = await sharp(shot).stats();
      for (const { stdev } of channels) expect(stdev).toBeGreaterThan(10);
    } finally {
      await opened.close();
      await rm(folder, { recursive: true, force: true });
    }
  },
  120_000,
);
