import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { cpus, platform, totalmem } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { writeFileAtomic } from '../../src/formats/atomicFile.ts';
import type { FaultKind, FaultResult } from './kind.ts';

const ROOT = join(import.meta.dirname, '../..');

const PREAMBLE = `# What was survived

What goes wrong outside the program, tried many times: processes killed, disks filled, devices lost, files and servers
that lie. A try is survived when it ends as the documents promise: the same bytes after a resume, or an error with its
code ([errors](errors.md)) and every file whole.

\`npm run test:faults\` makes this page: hours. \`npm run test:faults -- --kind kills --seed 2 --share 0.1\` tries
one kind, other moments, a tenth of them; rows that it does not try stay as they are. A small part of each row is in
\`npm test\`. What a row tries is a file in \`test/faults/kinds/\`.

| kind | tried | survived | note | run |
| --- | ---: | ---: | --- | --- |
`;

/**
 * Writes the row of `kind` into the page, whole and renamed; the rows of the other `kinds` are kept, in their order,
 * and rows of kinds that are no more are dropped.
 */
export async function writeRow(
  page: string,
  kinds: readonly FaultKind[],
  kind: string,
  { tried, survived, note = '' }: FaultResult,
  machine: string,
): Promise<void> {
  const rows = await readRows(page);
  const cells = [kind, String(tried), String(survived), note, machine].map(asCell);
  rows.set(asCell(kind), `| ${cells.join(' | ')} |`);
  const kept = kinds.map((each) => rows.get(asCell(each.kind))).filter((row) => row !== undefined);
  await writeFileAtomic(page, `${PREAMBLE}${kept.join('\n')}\n`);
}

/** The rows of the page as it is, by their first cell; none where there is no page yet. */
async function readRows(page: string): Promise<Map<string, string>> {
  const text = await readFile(page, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const rows = text.split('\n').filter((line) => line.startsWith('| '));
  return new Map(rows.map((row) => [row.slice(2, row.indexOf(' | ')), row]));
}

const asCell = (text: string): string => text.replaceAll(/\s+/g, ' ').replaceAll('|', '/');

/** Where, when and with what a row was run. */
export async function describeMachine(seed: number): Promise<string> {
  const run = promisify(execFile);
  const adapter = await run(process.execPath, [join(ROOT, 'scripts/probe-adapter.mjs')]);
  const commit = await run('git', ['rev-parse', '--short', 'HEAD'], { cwd: ROOT }).catch(() => null);
  const { version } = JSON.parse(await readFile(join(ROOT, 'node_modules/webgpu/package.json'), 'utf8'));
  return [
    new Date().toISOString().slice(0, 10),
    `seed ${seed}`,
    ...(commit ? [`commit ${commit.stdout.trim()}`] : []),
    `${cpus().length} x ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GB`,
    adapter.stdout.trim(),
    `${platform()}, Node ${process.versions.node}, webgpu ${version}`,
  ].join('; ');
}
