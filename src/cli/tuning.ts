import { tuningCache } from '../published/cache.ts';
import type { GpuRequest } from '../runtime/session.ts';
import { tuningDevice } from '../tune/device.ts';
import { readTuning, tunedOf } from '../tune/table.ts';

/** Looks into the user cache for what `wgad tune` measured on a device. */
export const cachedTuning =
  (say: (line: string) => void): NonNullable<GpuRequest['tuning']> =>
  async (gpu) =>
    tunedOf(await readTuning(tuningCache(), tuningDevice(gpu), say));
