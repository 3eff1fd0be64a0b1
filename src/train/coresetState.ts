/** The file with the progress of a greedy coreset, from which a stopped run resumes. */
import type { RunStore } from '../run/runStore.ts';
import type { Picks } from './coresetPicks.ts';

/** A patch's number is stored as two halves, because float32 holds each of them exactly. */
const HALF = 2 ** 16;

export async function savePicks(
  store: RunStore,
  { picked, distances }: Picks,
  configHash: string,
): Promise<void> {
  const halves = new Float32Array(2 * picked.length);
  for (const [i, patch] of picked.entries()) {
    halves[i] = Math.floor(patch / HALF);
    halves[picked.length + i] = patch % HALF;
  }
  await store.write(
    'coreset',
    new Map([
      ['picked', { shape: [2, picked.length], data: halves }],
      ['distances', { shape: [distances.length], data: distances }],
    ]),
    { format: 'wgad coreset 1', configHash },
  );
}

/** Null if there is no such file, or its configuration is another. @param hashes accepted ones (`hashesOf`). */
export async function loadPicks(store: RunStore, hashes: readonly string[]): Promise<Picks | null> {
  const file = await store.read('coreset').catch(() => null);
  if (!hashes.includes(file?.metadata.get('configHash') ?? '')) return null;
  const halves = file!.tensors.get('picked');
  const distances = file!.tensors.get('distances');
  if (!halves || !distances) return null;
  const count = halves.shape[1]!;
  const picked = Int32Array.from(
    { length: count },
    (_, i) => halves.data[i]! * HALF + halves.data[count + i]!,
  );
  return { picked, distances: distances.data };
}
