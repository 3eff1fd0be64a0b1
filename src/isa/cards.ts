/**
 * Public figures of AMD cards, by the names that RADV gives them. Compute units, clock and memory: AMD's product pages
 * (boost clock; per XCD or GCD where a card has several). Units of a compute unit: AMD's ISA documents and white papers
 * ("RDNA 2", "RDNA 3" and "RDNA 4 Instruction Set Architecture", "RDNA Architecture" 2019, "Vega Instruction Set
 * Architecture"). Last caches: the "effective bandwidth" of "Infinity Cache" on the product pages, where they give one; it counts misses
 * too (477 GB/s on the RX 7600, whose memory has 288), so a cache alone is faster. Latencies: rounded from published pointer chases; they
 * decide only where too few waves hide them.
 *
 * Compared with other publications: compute units, clocks, memory and megabytes of the RX 5700 XT to RX 6900 XT (hexus.net, July 2021), the
 * RX 7900 XTX (its reviews), the RX 7600's effective bandwidth (hwbusters.com, May 2023), the RX 9060 XT's units and memory
 * (techpowerup.com, June 2025; its clock is given as 3.13 and as 3.23 GHz elsewhere), and the last cache's latency on the RX 7900 XTX, 150 ns (chipsandcheese.com, June 2023). Not compared: bytes a clock of
 * second-level caches, matrix rates, the other cards.
 */
import { type Instruction, multiplyAdds, type Unit } from './listing.ts';

export interface Card {
  readonly product: string;
  readonly generation: 'gcn' | 'cdna' | 'rdna1' | 'rdna2' | 'rdna3' | 'rdna4';
  readonly computeUnits: number;
  /** GHz. */
  readonly clock: number;
  /** GB/s of its memory, and of its second-level cache. */
  readonly memory: number;
  readonly cache: number;
  /** A last cache before the memory: megabytes, GB/s. */
  readonly lastCache?: readonly [number, number];
}

const card = (
  product: string,
  generation: Card['generation'],
  [computeUnits, clock, memory]: readonly [number, number, number],
  cacheBytesPerClock: number,
  lastCache?: readonly [number, number],
): Card => ({
  product,
  generation,
  computeUnits,
  clock,
  memory,
  cache: cacheBytesPerClock * clock,
  ...(lastCache && { lastCache }),
});

/** Bytes a clock of the second-level cache: 64 a channel. */
export const CARDS: Readonly<Record<string, Card>> = {
  polaris10: card('Radeon RX 580', 'gcn', [36, 1.34, 256], 512),
  vega10: card('Radeon RX Vega 64', 'gcn', [64, 1.546, 484], 1024),
  vega20: card('Radeon VII', 'gcn', [60, 1.75, 1024], 1024),
  mi100: card('Instinct MI100', 'cdna', [120, 1.502, 1229], 2048),
  mi200: card('Instinct MI210', 'cdna', [104, 1.7, 1638], 4096),
  navi10: card('Radeon RX 5700 XT', 'rdna1', [40, 1.905, 448], 1024),
  navi21: card('Radeon RX 6900 XT', 'rdna2', [80, 2.25, 512], 1024, [128, 1664]),
  navi22: card('Radeon RX 6700 XT', 'rdna2', [40, 2.581, 384], 768),
  navi23: card('Radeon RX 6600 XT', 'rdna2', [32, 2.589, 256], 512),
  navi31: card('Radeon RX 7900 XTX', 'rdna3', [96, 2.5, 960], 3072, [96, 3490]),
  navi32: card('Radeon RX 7800 XT', 'rdna3', [60, 2.43, 624], 2048, [64, 2710]),
  navi33: card('Radeon RX 7600', 'rdna3', [32, 2.655, 288], 1024, [32, 477]),
  gfx1200: card('Radeon RX 9060 XT', 'rdna4', [32, 3.13, 320], 1024),
  gfx1201: card('Radeon RX 9070 XT', 'rdna4', [64, 2.97, 640], 2048),
};

/** What one compute unit does a clock. */
export interface ComputeUnit {
  readonly simds: 2 | 4;
  /** Lanes that a SIMD executes a clock. */
  readonly width: 16 | 32;
  /** Whether a wave of 64 lanes issues float multiply-adds, additions and moves to both halves at once. */
  readonly dualIssue: boolean;
  /** Clocks between two scalar instructions of one SIMD. */
  readonly scalarClocks: number;
  /** Bytes of the workgroup's memory, and of the first-level cache. */
  readonly ldsBytes: number;
  readonly cacheBytes: number;
  /** Lines of 128 bytes that the first-level cache holds. */
  readonly cacheLines: number;
  /** Addresses of global accesses. */
  readonly addresses: number;
  /** f16 operations a clock of its matrix instructions; 0 without. */
  readonly matrixOps: number;
  /** Clocks until a result. */
  readonly latency: { readonly lds: number; readonly vmem: number; readonly smem: number };
}

const GCN: ComputeUnit = {
  simds: 4,
  width: 16,
  dualIssue: false,
  scalarClocks: 4,
  ldsBytes: 128,
  cacheBytes: 64,
  cacheLines: 128,
  addresses: 16,
  matrixOps: 0,
  latency: { lds: 64, vmem: 450, smem: 200 },
};
const RDNA: ComputeUnit = {
  ...GCN,
  simds: 2,
  width: 32,
  scalarClocks: 1,
  cacheBytes: 128,
  addresses: 32,
  latency: { lds: 64, vmem: 400, smem: 150 },
};

export const COMPUTE_UNITS: Readonly<Record<Card['generation'], ComputeUnit>> = {
  gcn: GCN,
  cdna: { ...GCN, matrixOps: 1024 },
  rdna1: RDNA,
  rdna2: RDNA,
  rdna3: { ...RDNA, cacheLines: 256, dualIssue: true, matrixOps: 512 },
  rdna4: { ...RDNA, cacheLines: 256, dualIssue: true, matrixOps: 1024 },
};

/** f32 multiply-adds a nanosecond with all units busy. */
export const peakMultiplyAdds = ({ generation, computeUnits, clock }: Card): number => {
  const { simds, width, dualIssue } = COMPUTE_UNITS[generation];
  return computeUnits * simds * width * (dualIssue ? 2 : 1) * clock;
};

/** Instructions that RDNA 3 issues for all 64 lanes at once. */
const DUAL = /^v_(fma|fmac|fmaak|fmamk|mul|add|sub|subrev|mov|max|min|cndmask)_(f32|b32)$/;

/** Clocks for which an instruction of a wave keeps its SIMD's vector or scalar unit; one where it goes elsewhere. */
export function issueClocks(
  instruction: Instruction,
  unit: Unit,
  lanes: 32 | 64,
  generation: Card['generation'],
): number {
  const { width, dualIssue, scalarClocks, matrixOps, simds } = COMPUTE_UNITS[generation];
  const passes = Math.max(1, lanes / width);
  switch (unit) {
    case 'fma':
    case 'valu':
      // A whole product of 32 bits takes four passes.
      if (/_mul_(lo|hi)_|mad_u64/.test(instruction.op)) return 4 * passes;
      return dualIssue && DUAL.test(instruction.op) ? Math.max(1, passes / 2) : passes;
    case 'transcendental':
      return 4 * passes;
    case 'matrix':
      return matrixOps === 0 ? 0 : (2 * multiplyAdds(instruction)) / (matrixOps / simds);
    case 'salu':
    case 'branch':
    case 'smem':
      return scalarClocks;
    default:
      return 1;
  }
}
