import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import type { Gpu } from '../runtime/gpu.ts';

/** What measured choices hold for. Another value of any, another table. */
export interface TuningDevice {
  /** The adapter's description, which on native adapters names the driver and its version. */
  readonly adapter: string;
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  /** The package `webgpu`, which is Dawn. */
  readonly webgpu: string;
  /** Cores that a CPU adapter may use: few want large tiles, many want many. Null for others. */
  readonly cores: number | null;
}

export function tuningDevice({ adapter, device }: Gpu): TuningDevice {
  const { name, vendor, architecture } = adapter;
  const { version } = createRequire(import.meta.url)('webgpu/package.json') as { version: string };
  return {
    adapter: name,
    vendor,
    architecture,
    device: device.adapterInfo.device,
    webgpu: version,
    cores: adapter.software ? cores() : null,
  };
}

/** Those of the process, or fewer where lavapipe is told so. */
const cores = (): number =>
  Math.min(availableParallelism(), Number(process.env.LP_NUM_THREADS) || Number.POSITIVE_INFINITY);
