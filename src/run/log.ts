import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { runFiles } from './folder.ts';

/** Writes the lines of a run's log in order, without holding up the work. */
export interface RunLog {
  write(entry: object): void;
  /** Settles once every line was written or its write failed; never rejects. */
  settled(): Promise<void>;
}

/** A failed write does not stop the run: `say` is told once, and later lines are tried again. */
export function runLog(run: string, say: (text: string) => void): RunLog {
  const path = runFiles(run).log;
  let tail: Promise<void> = Promise.resolve();
  let said = false;
  const append = async (line: string): Promise<void> => {
    try {
      await appendLine(path, line);
    } catch (error) {
      if (!said) say(`${path}: a line could not be written, training goes on: ${(error as Error).message}`);
      said = true;
    }
  };
  return {
    write(entry) {
      const line = `${JSON.stringify(entry)}\n`;
      tail = tail.then(() => append(line));
    },
    settled: () => tail,
  };
}

/** Appends the whole line or nothing: a later line must not follow half of this one. */
async function appendLine(path: string, line: string): Promise<void> {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK = 0 } = constants;
  // Without waiting: opening a pipe that nobody reads would not return.
  const file = await open(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK);
  try {
    const info = await file.stat();
    if (!info.isFile()) throw new Error('it is no file');
    const { size } = info;
    await file.writeFile(line).catch(async (cause: unknown) => {
      await file.truncate(size).catch(() => {});
      throw cause;
    });
  } finally {
    await file.close();
  }
}
