import { FileError } from '../errors.ts';
import { atomicFile } from '../formats/atomicFile.ts';
import { count, fields, listOf, readExpected, text } from '../formats/expectation.ts';
import { readRegular } from '../formats/regularFile.ts';
import type { Gathered } from '../metrics/gathering.ts';
import type { KeyCounts } from '../metrics/keyCounts.ts';
import type { Tally, TallyPart } from '../score/tally.ts';

/** What the maps of a part of a test were counted into: a line of JSON, then the arrays that it tells the lengths of. */
export const COUNTS_FILE = 'counts.bin';

interface Entry extends Omit<TallyPart, 'gathered'> {
  readonly gathered: Omit<Gathered, 'counts'>;
  /** Of the arrays of its counts; null: it has none. */
  readonly keys: number | null;
  readonly droppedBits: number;
}

const EXPECTED = listOf(
  fields({
    alignment: text,
    className: text,
    measure: text,
    gathered: fields({}),
    keys: (value, at) => (value === null ? null : count(value, at)),
    droppedBits: count,
  }),
);

/** In this order, little-endian: WebGPU runs on no other hosts. */
const arraysOf = ({ keys, rests, wholes, negatives }: KeyCounts) => [keys, rests, wholes, negatives];
const BYTES_OF_KEY = 24;

export async function writeCounts(path: string, tally: Tally): Promise<void> {
  const parts = tally.parts();
  const entries = parts.map(
    ({ gathered: { counts, ...gathered }, ...about }): Entry => ({
      ...about,
      gathered,
      keys: counts?.keys.length ?? null,
      droppedBits: counts?.droppedBits ?? 0,
    }),
  );
  await atomicFile(path, async (write) => {
    const head = Buffer.from(JSON.stringify(entries));
    // Padded to a multiple of 8: typed arrays need aligned offsets.
    await write(Buffer.concat([head, Buffer.alloc(8 - ((head.length + 1) % 8), ' '), Buffer.from('\n')]));
    for (const { gathered } of parts) {
      for (const each of gathered.counts ? arraysOf(gathered.counts) : []) {
        await write(new Uint8Array(each.buffer, each.byteOffset, each.byteLength));
      }
    }
  });
}

/** Adds what a part counted. @throws FileError where the file is not as it was written. */
export async function joinCounts(path: string, tally: Tally): Promise<void> {
  const bytes = await readRegular(path);
  const end = bytes.indexOf('\n');
  const entries = readExpected<readonly Entry[]>(
    path,
    bytes.toString('utf8', 0, Math.max(0, end)),
    EXPECTED,
    {
      at: 'its first line',
      fix: 'it was cut or edited: run this part again',
    },
  );
  let at = end + 1;
  const take = (length: number): ArrayBuffer => {
    const part = bytes.subarray(at, at + length);
    at += length;
    return part.buffer.slice(part.byteOffset, part.byteOffset + part.length) as ArrayBuffer;
  };
  const total = entries.reduce((sum, { keys }) => sum + (keys ?? 0) * BYTES_OF_KEY, 0);
  if (bytes.length - at !== total) {
    throw new FileError(`${path}: has ${bytes.length - at} bytes of counts, expected ${total}`, {
      where: path,
    });
  }
  for (const { gathered, keys, droppedBits, ...about } of entries) {
    const { alignment, className } = about;
    if (!tally.has(alignment, className)) {
      throw new FileError(`${path}: ${alignment} of ${className} is not of this test`, { where: path });
    }
    const counts: KeyCounts | undefined =
      keys === null
        ? undefined
        : {
            keys: new Uint32Array(take(4 * keys)),
            rests: new Uint32Array(take(4 * keys)),
            wholes: new Float64Array(take(8 * keys)),
            negatives: new Float64Array(take(8 * keys)),
            droppedBits,
          };
    tally.join({ ...about, gathered: { ...gathered, ...(counts && { counts }) } });
  }
}
