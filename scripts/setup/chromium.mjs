// Whether there is a Chromium for the tests of pages, and whether the system's own packages have one.
import { spawnSync } from 'node:child_process';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** As the tests look for one (test/chromium.ts): `WGAD_CHROMIUM` names it, and empty says that none is wanted. */
export const chromiumIsSettled = (env = process.env) =>
  env.WGAD_CHROMIUM !== undefined || NAMES.some((name) => spawnSync('which', [name]).status === 0);

/** Ubuntu's package is a snap, which does not run in containers. */
export const hasChromiumPackage = (os) => os.ID === 'debian' && Number.parseFloat(os.VERSION_ID ?? '0') >= 12;
