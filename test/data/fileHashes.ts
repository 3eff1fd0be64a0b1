import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A hash of each file below a folder, by its path there, sorted. */
export async function fileHashes(root: string): Promise<Map<string, string>> {
  const files = (await readdir(root, { recursive: true, withFileTypes: true })).filter((entry) =>
    entry.isFile(),
  );
  const out = new Map<string, string>();
  for (const file of files.map((entry) => join(entry.parentPath, entry.name)).sort()) {
    out.set(
      file.slice(root.length + 1),
      createHash('sha256')
        .update(await readFile(file))
        .digest('hex'),
    );
  }
  return out;
}
