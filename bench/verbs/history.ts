// The history of what was measured, and its pictures; README.md beside this file says how to use both commands.
//   node bench/history.mjs add NAME --revision R --date D --note TEXT --machine TEXT RECORDS.json...
//   node bench/history.mjs draw
// Both work on `history/` beside this file, or on --folder.
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { addToHistory, readHistory } from '../../dist/bench/history.js';
import { latencyFigure } from '../../dist/bench/latencyFigure.js';
import { readRecords } from '../../dist/bench/record.js';
import { rooflineFigure } from '../../dist/bench/rooflineFigure.js';
import { writeFileAtomic } from '../../dist/formats/atomicFile.js';

const text = { type: 'string' };
const entry = { revision: text, date: text, note: text, machine: text };
const { values, positionals } = parseArgs({ options: { ...entry, folder: text }, allowPositionals: true });
const folder = values.folder ?? fileURLToPath(new URL('history', import.meta.url));
const [command, name, ...files] = positionals;
const missing = Object.keys(entry).filter((key) => !values[key]);

if (command === 'add' && name && files.length > 0 && missing.length === 0) {
  const records = (await Promise.all(files.map(readRecords))).flat();
  const { revision, date, note, machine } = values;
  await addToHistory(join(folder, `${name}.jsonl`), { date, revision, note, machine }, records);
  await draw(`${name}.jsonl`);
} else if (command === 'draw') {
  for (const file of await readdir(folder)) if (file.endsWith('.jsonl')) await draw(file);
} else {
  const lacks = command === 'add' && missing.length > 0 ? `; missing: --${missing.join(', --')}` : '';
  console.error(
    `expects: add NAME --revision R --date YYYY-MM-DD --note TEXT --machine TEXT RECORDS.json..., or: draw${lacks}`,
  );
  process.exitCode = 2;
}

async function draw(file) {
  const entries = await readHistory(join(folder, file));
  const base = join(folder, file.replace('.jsonl', ''));
  const pictures = { latency: latencyFigure(entries), roofline: rooflineFigure(entries) };
  for (const [picture, svg] of Object.entries(pictures)) {
    if (svg) await writeFileAtomic(`${base}.${picture}.svg`, svg);
    else await rm(`${base}.${picture}.svg`, { force: true });
  }
}
