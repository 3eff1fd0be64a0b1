#!/usr/bin/env tsx
/**
 * Loads a `wgad serve` with clients that ask without pause, and compares every verdict with what `predict` said.
 *   wgad predict RUN IMAGES --no-times > rows.jsonl; wgad serve RUN &
 *   npx tsx bench/serveLoad.ts http://127.0.0.1:8080 rows.jsonl --clients 64 --seconds 600
 */
import { readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { Command } from 'commander';
import { integer } from '../src/cli/numbers.ts';

interface Row {
  readonly path: string;
  readonly calibrated?: number;
}

const program = new Command('serveLoad')
  .argument('<url>', 'where the server listens')
  .argument('<rows>', 'what `wgad predict --no-times` said of the images')
  .option('--clients <n>', 'requests at once', integer('--clients', 1), 64)
  .option('--seconds <n>', 'how long', integer('--seconds', 1), 60)
  .option('--obey', 'who is refused waits as long as Retry-After says')
  .parse();
const [url, rowsFile] = program.args as [string, string];
const { clients, seconds, obey } = program.opts<{ clients: number; seconds: number; obey?: true }>();

const rows = (await readFile(rowsFile, 'utf8'))
  .trim()
  .split('\n')
  .map((line): Row => JSON.parse(line))
  .filter(({ calibrated }) => calibrated !== undefined);
const images = await Promise.all(
  rows.map(async (row) => ({ row, bytes: new Uint8Array(await readFile(row.path)) })),
);

const took: Record<'judged' | 'refused', number[]> = { judged: [], refused: [] };
const failures = new Map<string, number>();
const fail = (why: string): void => void failures.set(why, (failures.get(why) ?? 0) + 1);
const memory: number[] = [];

async function ask(at: number): Promise<void> {
  const { row, bytes } = images[at % images.length]!;
  const began = performance.now();
  const reply = await fetch(`${url}/v1/predict`, {
    method: 'POST',
    body: bytes,
    headers: { 'content-type': 'application/octet-stream' },
  });
  const ms = performance.now() - began;
  const body = (await reply.json()) as { results?: { verdict: unknown }[] };
  if (reply.status === 503) {
    took.refused.push(ms);
    const wait = Number(reply.headers.get('retry-after') ?? Number.NaN);
    if (!(wait >= 1)) return fail('503 without Retry-After');
    if (obey) await setTimeout(1000 * wait);
    return;
  }
  if (reply.status !== 200) return fail(`status ${reply.status}`);
  took.judged.push(ms);
  const { name: _, ms: __, ...verdict } = body.results![0] as unknown as Record<string, unknown>;
  const { path: ___, ms: ____, ...expected } = row as unknown as Record<string, unknown>;
  if (JSON.stringify(verdict) !== JSON.stringify(expected)) fail('another verdict');
}

const ends = performance.now() + 1000 * seconds;
const client = async (number: number): Promise<void> => {
  for (let turn = 0; performance.now() < ends; turn++) {
    await ask(number + clients * turn).catch((error: Error) => fail(`no answer: ${error.message}`));
  }
};
async function noteMemory(): Promise<void> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const bytes = /^process_resident_memory_bytes (\d+)/m.exec(text)?.[1];
  if (bytes) memory.push(Math.round(Number(bytes) / 2 ** 20));
}
// The next one may succeed.
const watch = setInterval(
  () => {
    noteMemory().catch(() => {});
  },
  1000 * Math.max(1, seconds / 20),
);
await Promise.all(Array.from({ length: clients }, (_, number) => client(number)));
clearInterval(watch);

const at = (sorted: readonly number[], share: number): number =>
  Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0);
for (const list of Object.values(took)) list.sort((a, b) => a - b);
const { judged, refused } = took;
process.stdout.write(
  `${[
    `${clients} clients, ${seconds} s: ${judged.length} judged, ${(judged.length / seconds).toFixed(1)} a second`,
    `latency p50 ${at(judged, 0.5)} ms, p99 ${at(judged, 0.99)} ms`,
    `${refused.length} refused with 503, p50 ${at(refused, 0.5)} ms, p99 ${at(refused, 0.99)} ms, most ${at(refused, 1)} ms`,
    `failures: ${failures.size === 0 ? 'none' : JSON.stringify(Object.fromEntries(failures))}`,
    `memory of the server in MiB: ${memory.join(' ')}`,
  ].join('\n')}\n`,
);
process.exitCode = failures.size === 0 ? 0 : 1;
