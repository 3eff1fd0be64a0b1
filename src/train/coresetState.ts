/** The file that keeps how far a greedy coreset has come, so that a stopped run goes on from there. */
import type { RunStore } from '../run/runStore.ts';
import type { Picks } from './coresetPicks.ts';

/** Patches' numbers lie in halves, each of which float32 holds exactly. */
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

/** Null where there is none, or one of another configuration. @param hashes accepted ones (`hashesOf`). */
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
