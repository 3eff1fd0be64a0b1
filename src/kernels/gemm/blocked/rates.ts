/**
 * Rates of GPUs by family, for the rule that chooses tiles and parts where nothing was measured: public figures of a large
 * card of each. Only their ratios decide, so a smaller card of the family is served too.
 *
 * nvidia: "NVIDIA H100 Tensor Core GPU Architecture" (132 multiprocessors of 128 lanes, 1.98 GHz, 3.35 TB/s, 50 MB of second-level
 * cache; its rate from published measurements, chipsandcheese.com 2023). rdna3, rdna2, gcn:
 * AMD's product pages of the Radeon RX 7900 XTX, RX 6900 XT and Radeon VII; the workgroup's memory from the white papers "RDNA
 * Architecture" and "Vega". apple: 40 cores of 128 lanes, 1.4 GHz, 400 GB/s (M3 Max, Apple's pages). intel: Arc A770's page (32 Xe
 * cores of 128 lanes, 2.1 GHz, 560 GB/s).
 *
 * Lines of the second-level cache: the same white papers; of NVIDIA's, sectors of 32 bytes ("CUDA C++ Best Practices Guide").
 *
 * Compared with other publications: the H100's 132 multiprocessors and 50 MB (chipsandcheese.com, July 2023), the M3 Max's 1.398 GHz and 400 GB/s
 * (hmc-tech.com, notebookcheck.net), the A770's 4096 lanes and 16 MB of second-level cache (chipsandcheese.com, October 2022), whose rate
 * is not known here and is left out.
 */
import type { GpuFamily } from '../../kernel.ts';

export interface GpuRates {
  /** Compute units, and multiply-adds of one in a clock. */
  readonly units: number;
  readonly lanes: number;
  /** GHz. */
  readonly clock: number;
  /** Bytes of workgroup memory that one reads in a clock. */
  readonly workgroupBytes: number;
  /** Bytes that one gets of the second-level cache in a clock, where that is known. */
  readonly secondCache?: number;
  /** Bytes that come of it at once. */
  readonly line?: number;
  /** Invocations that it holds at 128 registers each. */
  readonly resident: number;
  /** Clocks until a number of memory arrives. */
  readonly latency: number;
  /** Bytes a nanosecond, of memory and of the last cache; and the megabytes that this holds. */
  readonly memory: number;
  readonly cache: number;
  readonly cacheMegabytes: number;
}

export const GPU_RATES: Readonly<Record<GpuFamily, GpuRates>> = {
  nvidia: {
    units: 132,
    lanes: 128,
    clock: 1.98,
    workgroupBytes: 128,
    secondCache: 21,
    line: 32,
    resident: 512,
    latency: 500,
    memory: 3350,
    cache: 5500,
    cacheMegabytes: 50,
  },
  rdna3: {
    units: 96,
    lanes: 128,
    clock: 2.5,
    workgroupBytes: 128,
    secondCache: 32,
    line: 128,
    resident: 768,
    latency: 400,
    memory: 960,
    cache: 3490,
    cacheMegabytes: 96,
  },
  rdna2: {
    units: 80,
    lanes: 64,
    clock: 2.25,
    workgroupBytes: 128,
    secondCache: 12.8,
    line: 128,
    resident: 512,
    latency: 400,
    memory: 512,
    cache: 1664,
    cacheMegabytes: 128,
  },
  gcn: {
    units: 60,
    lanes: 64,
    clock: 1.75,
    workgroupBytes: 128,
    secondCache: 17,
    line: 64,
    resident: 512,
    latency: 450,
    memory: 1024,
    cache: 1024,
    cacheMegabytes: 0,
  },
  apple: {
    units: 40,
    lanes: 128,
    clock: 1.4,
    workgroupBytes: 128,
    resident: 384,
    latency: 400,
    memory: 400,
    cache: 400,
    cacheMegabytes: 0,
  },
  intel: {
    units: 32,
    lanes: 128,
    clock: 2.1,
    workgroupBytes: 128,
    resident: 512,
    latency: 400,
    memory: 560,
    cache: 560,
    cacheMegabytes: 0,
  },
};
