import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { FileError } from '../errors.ts';
import { openRegular } from '../formats/regularFile.ts';
import type { Parts } from './readParts.ts';

/** One JSON text a line, one line for each input of a part, in their order. */
export const ROWS_FILE = 'rows.jsonl';

/** The lines of all parts in the order of one run; a few of each are in memory. @throws FileError where a part has too few. */
export async function* rowsOf({ whole, parts }: Parts): AsyncGenerator<string> {
  const sources = parts.map(({ folder }) => ({ folder, lines: linesOf(join(folder, ROWS_FILE)) }));
  try {
    for (let place = 0; place < whole.inputs; place++) {
      const { folder, lines } = sources[place % sources.length]!;
      const next = await lines.next();
      if (next.done) {
        throw new FileError(`${join(folder, ROWS_FILE)}: ends before its last input`, {
          where: folder,
          fix: 'run this part again',
        });
      }
      yield next.value;
    }
  } finally {
    for (const { lines } of sources) await lines.return(undefined);
  }
}

async function* linesOf(path: string): AsyncGenerator<string> {
  const file = await openRegular(path);
  try {
    for await (const line of createInterface({ input: file.createReadStream({ autoClose: false }) })) {
      if (line !== '') yield line;
    }
  } finally {
    await file.close().catch(() => {});
  }
}
