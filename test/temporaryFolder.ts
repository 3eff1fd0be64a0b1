import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Everything that tests put under the system's temporary folder goes into one, which is removed after the last. */
export function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'wgad-tests-'));
  process.env.TMPDIR = folder;
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
