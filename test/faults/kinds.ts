import { readdir } from 'node:fs/promises';
import type { FaultKind } from './kind.ts';

const FOLDER = new URL('./kinds/', import.meta.url);

/** Every kind in test/faults/kinds/, by the name of its file without .ts, in alphabetical order. */
export async function loadKinds(): Promise<ReadonlyMap<string, FaultKind>> {
  const files = (await readdir(FOLDER)).filter((name) => name.endsWith('.ts')).sort();
  const kinds = new Map<string, FaultKind>();
  for (const file of files) {
    const { fault } = (await import(new URL(file, FOLDER).href)) as { fault: FaultKind };
    kinds.set(file.slice(0, -'.ts'.length), fault);
  }
  return kinds;
}
