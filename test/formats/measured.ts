import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** What opening a file took a process, and how it ended. */
export interface Measured {
  /** Bytes that the process held at most, beyond what it had. */
  readonly memory: number;
  /** Of CPU time. */
  readonly ms: number;
  /** `read`, or an error's code and message. */
  readonly said: string;
}

const WEIGHTS = new URL('../../dist/formats/weightsFile.js', import.meta.url).href;
const script = `
  import { readFile, writeFile } from 'node:fs/promises';
  const { openWeights } = await import(${JSON.stringify(WEIGHTS)});
  const most = async () => Number(/VmHWM:\\s+(\\d+)/.exec(await readFile('/proc/self/status', 'utf8'))?.[1] ?? 0) * 1024;
  for (const path of process.argv.slice(1)) {
    globalThis.gc();
    // Linux forgets the highest mark so far.
    await writeFile('/proc/self/clear_refs', '5').catch(() => {});
    const before = process.memoryUsage().rss;
    const began = process.cpuUsage();
    const said = await openWeights(path).then(
      async (file) => { await file.close(); return 'read'; },
      (error) => error.code + ' ' + error.message,
    );
    const { user, system } = process.cpuUsage(began);
    console.log(JSON.stringify({ memory: (await most()) - before, ms: (user + system) / 1000, said }));
  }`;

/** Opens weight files one by one, in a process of their own. */
export async function openMeasured(paths: readonly string[]): Promise<Measured[]> {
  const args = ['--expose-gc', '--input-type=module', '-e', script, ...paths];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Measured);
}

/** What a process may hold beside the file: the collector lets so much lie. */
const SLACK = 64 * 2 ** 20;

/** In what an end is not as promised: a typed refusal or a reading, by a second of work, within 1.1 times the file. */
export function brokenPromise({ memory, ms, said }: Measured, size: number): string | null {
  if (!/^(E_WEIGHTS |read)/.test(said)) return `ended otherwise: ${said.slice(0, 200)}`;
  if (said.length > 2000) return `a message of ${said.length} characters`;
  if (/\p{Cc}|\p{Bidi_Control}/u.test(said)) return 'a message with control characters';
  if (ms > 1000) return `${ms.toFixed(0)} ms of work`;
  return memory > 1.1 * size + SLACK ? `${memory} bytes for a file of ${size}` : null;
}
