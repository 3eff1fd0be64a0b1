// Compiles src/ into dist/, then removes what earlier builds left there. No moment is without files: tests may run them.
import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { join, sep } from 'node:path';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');
const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
const { status, stdout } = spawnSync(
  process.execPath,
  [tsc, '-p', 'tsconfig.build.json', '--listEmittedFiles'],
  {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
    stdio: ['ignore', 'pipe', 'inherit'],
  },
);
const mark = 'TSFILE: ';
const lines = (stdout ?? '').split('\n').filter((line) => line !== '');
for (const line of lines) if (!line.startsWith(mark)) process.stdout.write(`${line}\n`);
if (status !== 0) process.exit(status ?? 1);

const made = new Set(
  lines.filter((line) => line.startsWith(mark)).map((line) => join(line.slice(mark.length))),
);
for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
  const path = join(entry.parentPath, entry.name);
  // The pages are emptied by their own build; the stamp is the set-up's.
  const others = path.startsWith(join(dist, 'site') + sep) || entry.name === '.wgad-build';
  if (entry.isFile() && !others && !made.has(path)) rmSync(path);
}
