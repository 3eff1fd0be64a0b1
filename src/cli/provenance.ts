import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { BenchRecord } from '../bench/record.ts';
import { VERSION } from '../version.ts';

const run = promisify(execFile);

/**
 * The code that was measured: this package's version, and the commit of the repository around the working directory, with
 * -dirty if tracked files differ from it. No commit outside a repository or without git.
 */
export async function provenance(): Promise<Pick<BenchRecord, 'version' | 'commit'>> {
  try {
    const { stdout } = await run('git', ['describe', '--always', '--dirty', '--abbrev=12', '--exclude=*']);
    return { version: VERSION, commit: stdout.trim() };
  } catch {
    return { version: VERSION };
  }
}
