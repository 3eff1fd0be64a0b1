import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import { serveSite } from '../../src/cli/siteServer.ts';
import { findChromium, SOFTWARE_WEBGPU } from '../chromium.ts';

export const root = fileURLToPath(new URL('../..', import.meta.url));
/** The built pages. */
export const site = join(root, 'dist', 'site');
/** Undefined where there is no Chromium. */
export const executablePath = findChromium();

export interface OpenSite {
  /** Of the pages, with a slash at its end. */
  readonly address: string;
  readonly browser: Browser;
  close(): Promise<void>;
}

/** Serves the built pages, and opens a browser for them that computes in software. @param flags further ones of Chromium. */
export async function openSite(flags: readonly string[] = []): Promise<OpenSite> {
  const server = await serveSite(site, 0);
  const browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox', ...SOFTWARE_WEBGPU, ...flags],
  });
  return {
    address: server.address,
    browser,
    async close() {
      await browser.close();
      await server.close();
    },
  };
}
