import { rm } from 'node:fs/promises';
import { isThere } from '../formats/regularFile.ts';
import { openWeights, readWeights } from '../formats/weightsFile.ts';
import { writeSafetensors } from '../formats/writeSafetensors.ts';
import { runFiles } from './folder.ts';
import type { RunStore } from './runStore.ts';

/** A run's tensors in its folder. Files are written whole, then renamed. */
export function folderStore(run: string): RunStore {
  const files = runFiles(run);
  return {
    pathOf: (file) => files[file],
    read: async (file) => ((await isThere(files[file])) ? readWeights(files[file]) : null),
    async metadata(file) {
      const open = await openWeights(files[file]).catch(() => null);
      await open?.close();
      return open?.metadata ?? null;
    },
    write: (file, tensors, metadata) => writeSafetensors(files[file], tensors, metadata),
    remove: (file) => rm(files[file], { force: true }),
  };
}
