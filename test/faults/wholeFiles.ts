import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';

/** Every file below `root`: its path there, and its bytes. */
export async function filesBelow(root: string): Promise<ReadonlyMap<string, Buffer>> {
  const found = await readdir(root, { recursive: true, withFileTypes: true });
  const files = found.filter((each) => each.isFile());
  const read = files.map(async ({ parentPath, name }) => {
    const path = join(parentPath, name);
    return [path.slice(root.length + 1), await readFile(path)] as const;
  });
  return new Map(await Promise.all(read));
}

/** What is wrong with a file of the product's, judged by its kind alone; null where it is whole. */
export async function whyNotWhole(name: string, bytes: Buffer): Promise<string | null> {
  try {
    await READS[name.slice(name.lastIndexOf('.') + 1)]?.(bytes);
    return /\.tmp$|\.lock$/.test(name) ? 'is left behind' : null;
  } catch (error) {
    return `is cut off: ${(error as Error).message}`;
  }
}

const READS: Readonly<Record<string, (bytes: Buffer) => unknown>> = {
  json: (bytes) => JSON.parse(bytes.toString()),
  jsonl: (bytes) => linesOf(bytes).map((line) => JSON.parse(line)),
  // What a watch appends to begins empty.
  rows: (bytes) => bytes.length > 0 && linesOf(bytes).map((line) => JSON.parse(line)),
  csv: linesOf,
  txt: linesOf,
  md: linesOf,
  sha256: linesOf,
  png: (bytes) => sharp(bytes).stats(),
  html: (bytes) => {
    if (!bytes.toString().trimEnd().endsWith('</html>')) throw new Error('it has no end');
  },
  safetensors: (bytes) => {
    const header = Number(bytes.readBigUInt64LE(0));
    const tensors: Record<string, { data_offsets?: [number, number] }> = JSON.parse(
      bytes.subarray(8, 8 + header).toString(),
    );
    const ends = Object.values(tensors).map(({ data_offsets: [, end] = [0, 0] }) => end);
    if (8 + header + Math.max(0, ...ends) !== bytes.length) throw new Error(`it has ${bytes.length} bytes`);
  },
};

function linesOf(bytes: Buffer): string[] {
  const lines = bytes.toString().split('\n');
  if (bytes.length === 0 || lines.pop() !== '') throw new Error('its last line has no end');
  return lines;
}
