import { mkdtemp, readFile, readlink, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import { executablePath, type OpenSite, openSite } from './openSite.ts';

/** Kernels are compiled in the browser and in Node. */
export const SLOW = 300_000;

// Tests of pages are skipped where there is none.
if (!executablePath) {
  process.stderr.write(
    'pages in Chromium: skipped, no chromium or google-chrome here (install one, or name it in WGAD_CHROMIUM)\n',
  );
}

/** A browser that shows the pages, for the tests of one file. */
export function pagesInChromium() {
  let open: OpenSite;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'wgad-pages-'));
    open = await openSite(['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream']);
  });
  afterAll(async () => {
    await open?.close();
    await rm(folder, { recursive: true, force: true });
  });
  const watched = async (page: Page, complaints: string[], name: string): Promise<void> => {
    page.setDefaultTimeout(60_000);
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    await page.goto(open.address + name);
  };
  return {
    /** An empty one, for the files of a test. */
    get folder() {
      return folder;
    },
    /** The description of the Vulkan driver that the browser brings: with it Node computes on the same adapter. */
    async vulkanDriver(): Promise<string> {
      const session = await open.browser.newBrowserCDPSession();
      const { processInfo } = await session.send('SystemInfo.getProcessInfo');
      const { id } = processInfo.find(({ type }) => type === 'browser')!;
      return join(dirname(await readlink(`/proc/${id}/exe`)), 'vk_swiftshader_icd.json');
    },
    /** A page of an empty profile, and what it complains about. */
    async openPage(name = '', before: (page: Page) => Promise<void> = async () => {}) {
      const page = await (await open.browser.newContext()).newPage();
      const complaints: string[] = [];
      await before(page);
      await watched(page, complaints, name);
      return { page, complaints };
    },
    /** Another tab of the same profile. */
    async another(page: Page, name: string, complaints: string[]): Promise<Page> {
      const tab = await page.context().newPage();
      await watched(tab, complaints, name);
      return tab;
    },
  };
}

/** What axe-core finds. */
export async function violations(page: Page): Promise<string[]> {
  const path = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
  await page.evaluate(await readFile(path, 'utf8'));
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    };
    return (await axe.run()).violations.map(({ id, nodes }) => `${id}: ${nodes[0]!.html}`);
  });
}
