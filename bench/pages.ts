#!/usr/bin/env tsx
/**
 * What the pages cost the browser beside the GPU's work, in Chromium's software renderer. Needs `npm run build`, and Linux.
 *   npx tsx bench/pages.ts train --images 5 --iterations 20 --align-iterations 500
 *   npx tsx bench/pages.ts inspect --images 500
 * `train`: how long the page's own thread works at one go. `inspect`: memory as images are judged.
 */
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Command } from 'commander';
import type { Browser, Page } from 'playwright-core';
import { integer } from '../src/cli/numbers.ts';
import { scanDataset, synthesize } from '../src/data/index.ts';
import { executablePath, type OpenSite, openSite } from '../test/site/openSite.ts';
import { startTraining } from '../test/site/startTraining.ts';

/** A training that ends in software takes at most this long. */
const HOURS_MS = 3 * 3_600_000;
const CLASSES = 4;

const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** Draws images, opens the pages, and leaves nothing behind. @param train images of each class. */
async function withSite(train: number, body: (site: OpenSite, data: string) => Promise<void>): Promise<void> {
  if (!executablePath) throw new Error('no chromium or google-chrome here: name one in WGAD_CHROMIUM');
  const folder = await mkdtemp(join(tmpdir(), 'wgad-bench-pages-'));
  const data = join(folder, 'data');
  try {
    await synthesize({ out: data, classes: CLASSES, train, test: 2, size: 160, seed: 3 });
    const site = await openSite();
    try {
      await body(site, data);
    } finally {
      await site.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface TraceEvent {
  readonly ph: string;
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds: by the wall's clock, and of the thread itself. */
  readonly dur?: number;
  readonly tdur?: number;
  readonly args: { readonly name?: string };
}

/** Ms of each task of the threads on which pages run. */
interface Task {
  readonly wall: number;
  readonly own: number;
}

const PIECE_MS = 20_000;

/** Records in pieces, for a trace of a whole training would not fit into memory. */
async function tasksUntil(browser: Browser, page: Page, isOver: () => boolean): Promise<Task[]> {
  const tasks: Task[] = [];
  while (!isOver()) {
    await browser.startTracing(page, { categories: ['disabled-by-default-devtools.timeline'] });
    await page.waitForTimeout(PIECE_MS);
    const { traceEvents: events } = JSON.parse((await browser.stopTracing()).toString()) as {
      traceEvents: TraceEvent[];
    };
    const keyOf = ({ pid, tid }: TraceEvent): string => `${pid} ${tid}`;
    const threads = new Set(
      events.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain').map(keyOf),
    );
    for (const event of events) {
      if (event.ph !== 'X' || event.name !== 'RunTask' || !threads.has(keyOf(event))) continue;
      tasks.push({ wall: event.dur! / 1000, own: (event.tdur ?? Number.NaN) / 1000 });
    }
  }
  return tasks;
}

async function train(options: { iterations?: number; alignIterations?: number; images: number }) {
  const { images, ...steps } = options;
  await withSite(images, async ({ browser, address }, data) => {
    const page = await browser.newPage();
    await page.goto(`${address}train.html`);
    await startTraining(page, data, steps);
    let over = false;
    const ended = page
      .getByRole('status')
      .filter({ hasText: 'Trained.' })
      .waitFor({ timeout: HOURS_MS })
      .finally(() => {
        over = true;
      });
    const tasks = await tasksUntil(browser, page, () => over);
    await ended;
    for (const [clock, says] of [
      ['own', 'of the processor'],
      ['wall', "of the wall's clock, other programs' time included"],
    ] as const) {
      const times = tasks.map((task) => task[clock]);
      const longest = times.reduce((most, ms) => Math.max(most, ms), 0);
      const sum = times.reduce((total, ms) => total + ms, 0);
      const long = times.filter((ms) => ms >= 50).length;
      say(
        `${longest.toFixed(1)} ms ${says}: the longest of ${tasks.length} tasks; ${long} of 50 ms and more; ${(sum / 1000).toFixed(2)} s in all`,
      );
    }
  });
}

async function inspect({ images }: { images: number }): Promise<void> {
  await withSite(Math.ceil(images / CLASSES), async ({ browser, address }, data) => {
    const page = await browser.newPage();
    await page.goto(address);
    const judged = (count: number): Promise<void> =>
      page
        .getByRole('status')
        .filter({ hasText: `${count} images judged` })
        .waitFor({ timeout: HOURS_MS });
    const session = await page.context().newCDPSession(page);
    const ofBrowser = await browser.newBrowserCDPSession();
    const show = async (count: number): Promise<void> => {
      await session.send('HeapProfiler.collectGarbage');
      const { usedSize } = await session.send('Runtime.getHeapUsage');
      const { processInfo } = await ofBrowser.send('SystemInfo.getProcessInfo');
      const resident = new Map<string, number>();
      for (const { type, id } of processInfo) {
        resident.set(type, (resident.get(type) ?? 0) + (await residentMb(id)));
      }
      const processes = [...resident].map(([type, mb]) => `${type} ${mb.toFixed(0)}`).join(', ');
      say(`${count} images: ${(usedSize / 1e6).toFixed(1)} MB of objects; resident MB: ${processes}`);
    };
    const shipped = 9;
    await judged(shipped);
    await show(shipped);
    const paths: string[] = [];
    // By names of their own.
    for (const { path, className } of (await scanDataset(data)).train.slice(0, images)) {
      const copy = join(data, `${className}-${basename(path)}`);
      await copyFile(path, copy);
      paths.push(copy);
    }
    const step = Math.ceil(images / 5);
    for (let from = 0; from < paths.length; from += step) {
      await page.locator('input[data-for="Add images"]').setInputFiles(paths.slice(from, from + step));
      const count = shipped + Math.min(from + step, paths.length);
      await judged(count);
      await show(count);
    }
  });
}

/** Main memory that a process holds. */
async function residentMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024;
}

const program = new Command('pages');
program
  .command('train')
  .description("how long the page's own thread works at one go while it trains")
  .option('--images <n>', 'images of each of four classes', integer('--images', 1), 40)
  .option(
    '--iterations <n>',
    'steps of the detector, as the quick preset if absent',
    integer('--iterations', 1),
  )
  .option('--align-iterations <n>', 'steps of the alignment, likewise', integer('--align-iterations', 1))
  .action(train);
program
  .command('inspect')
  .description('memory as images are judged')
  .option('--images <n>', 'how many', integer('--images', 5), 500)
  .action(inspect);
await program.parseAsync();
