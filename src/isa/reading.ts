/** What a compiled kernel will do on a card, as far as its machine code tells: a prediction, nothing measured. */
import { ELEMENT_BYTES, type Kernel, layoutOf } from '../kernels/kernel.ts';
import { type Card, COMPUTE_UNITS, issueClocks } from './cards.ts';
import type { Compiled } from './compile.ts';
import { type Instruction, type Listing, multiplyAdds, parseListing, type Unit, unitOf } from './listing.ts';
import { type AccessTrace, type Surroundings, traceWave, type WaveTrace } from './wave.ts';

/** Executed instructions by the unit they go to. */
type Mix = Readonly<Record<Unit, number>>;

interface Access {
  /** Of a binding by name, or `workgroup`. */
  readonly what: string;
  readonly kind: 'load' | 'store' | 'atomic';
  /** Bytes a lane. */
  readonly bytes: number;
  /** Executions, an average wave. */
  readonly times: number;
  /** Times as long as without bank conflicts (the workgroup's memory). Null where addresses are not known. */
  readonly conflicts: number | null;
  /** Share of the touched lines of 128 bytes that is asked for; above 1 where lanes share numbers. Null as above. */
  readonly used: number | null;
}

export interface Reading {
  readonly label: string;
  readonly registers: { readonly vector: number; readonly scalar: number };
  /** Registers that lie in memory. */
  readonly spilled: number;
  /** Bytes of workgroup memory. */
  readonly lds: number;
  /** Bytes of private memory a lane: arrays that registers could not hold. */
  readonly scratch: number;
  readonly wavesPerSimd: number;
  /** Bytes of machine code. */
  readonly code: number;
  readonly lanes: 32 | 64;
  /** Of an average wave, whole and of the innermost loop with most multiply-adds, or most vector instructions. */
  readonly mix: Mix;
  readonly loop: Mix & { readonly turns: number };
  /** Share of multiply-adds among the loop's instructions that are issued. */
  readonly loopShare: number;
  readonly accesses: readonly Access[];
  /** Multiply-adds of one dispatch, as its invocations execute them. */
  readonly multiplyAdds: number;
  /** Branches that depend on data, so that counts are guessed behind them. */
  readonly unknownBranches: number;
  /** Null for a card whose rates are not known, and where a loop that depends on data had no end to be followed to. */
  readonly predicted: Prediction | null;
}

interface Prediction {
  readonly microseconds: number;
  /** What the time goes to. */
  readonly bound: Bound;
  /** Microseconds that each would take with nothing else. */
  readonly parts: Readonly<Record<Bound, number>>;
  /** Waves per SIMD, if all workgroups that fit were spread evenly. */
  readonly filled: number;
}

type Bound = 'vector' | 'scalar' | 'lds' | 'first cache' | 'second cache' | 'memory' | 'latency';

const UNITS: readonly Unit[] = [
  'fma',
  'matrix',
  'valu',
  'transcendental',
  'salu',
  'branch',
  'smem',
  'lds',
  'vmem',
  'barrier',
  'wait',
];
/** Waves of a workgroup that are followed. */
const FOLLOWED = 4;
const LINE = 128;

/** What is known of a kernel beside its text; a file of one's own may know less. */
export type Described = Pick<Kernel, 'label' | 'wgsl' | 'bindings' | 'grid' | 'bytes'> &
  Pick<Kernel, 'sizes'>;

export function readKernel(
  kernel: Described,
  { listing: text, statistics }: Compiled,
  card: Card | null,
): Reading {
  const listing = parseListing(text);
  const invocations = invocationsOf(kernel);
  const waves = Math.ceil(invocations / listing.lanes);
  const traces = follow(kernel, { listing, waves, card, statistics });
  const counts = listing.instructions.map((_, i) => mean(traces.map(({ counts }) => counts[i]!)));
  const loop = innerLoop(listing.instructions, counts);
  const accesses = accessesOf(kernel, listing, counts, traces);
  const perWave = listing.instructions.reduce((sum, each, i) => {
    // A workgroup smaller than a wave leaves lanes idle.
    const lanes = unitOf(each) === 'matrix' ? 1 : invocations / waves;
    return sum + counts[i]! * multiplyAdds(each) * lanes;
  }, 0);
  const groups = kernel.grid.reduce((product, side) => product * side, 1);
  const issued = loop.mix;
  const fmas = issued.fma + issued.matrix;
  return {
    label: kernel.label,
    registers: { vector: statistics.VGPRs ?? 0, scalar: statistics.SGPRs ?? 0 },
    spilled: (statistics['Spilled VGPRs'] ?? 0) + (statistics['Spilled SGPRs'] ?? 0),
    lds: statistics['LDS size'] ?? 0,
    scratch: statistics['Scratch size'] ?? 0,
    wavesPerSimd: wavesAtOnce(statistics, listing.lanes, card),
    code: statistics['Code size'] ?? 0,
    lanes: listing.lanes,
    mix: mixOf(listing.instructions, counts),
    loop: { ...loop.mix, turns: loop.turns },
    loopShare: fmas / Math.max(1, total(issued)),
    accesses,
    multiplyAdds: perWave * waves * groups,
    unknownBranches: Math.max(...traces.map(({ unknownBranches }) => unknownBranches)),
    predicted:
      card && traces.every(({ whole }) => whole)
        ? predict(kernel, { listing, counts, traces, statistics, card, waves, groups })
        : null,
  };
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
const total = (mix: Mix): number => UNITS.reduce((sum, unit) => sum + mix[unit], 0);

/** Invocations of a workgroup. */
function invocationsOf({ wgsl }: Described): number {
  const sides = /@workgroup_size\(([^)]*)\)/
    .exec(wgsl)?.[1]
    ?.split(',')
    .map((side) => Number.parseInt(side, 10) || 1);
  return (sides ?? [1]).reduce((product, side) => product * side, 1);
}

function follow(
  kernel: Described,
  { listing, waves, card, statistics }: Pick<Run, 'listing' | 'waves' | 'statistics'> & { card: Card | null },
): WaveTrace[] {
  const generation = card?.generation ?? 'rdna2';
  const timing = {
    issue: (each: Instruction, unit: Unit) => issueClocks(each, unit, listing.lanes, generation),
    latency: COMPUTE_UNITS[generation].latency,
  };
  const layout = layoutOf(kernel as Kernel);
  const { simds, cacheLines } = COMPUTE_UNITS[generation];
  const atOnce = Math.max(1, wavesAtOnce(statistics, listing.lanes, card));
  const around: Surroundings = {
    keptLines: Math.floor(cacheLines / (simds * atOnce)),
    bindingBytes: layout.map((each) => ('element' in each ? ELEMENT_BYTES[each.element] * each.length : 0)),
    ...(kernel.sizes && {
      uniform: {
        binding: kernel.bindings.length,
        words: Object.values(kernel.sizes).map((size) => size >>> 0),
      },
    }),
  };
  const count = Math.min(waves, FOLLOWED);
  return Array.from({ length: count }, (_, i) =>
    traceWave(listing, around, timing, Math.floor((i * waves) / count) * listing.lanes),
  );
}

function mixOf(
  instructions: readonly Instruction[],
  counts: readonly number[],
  from = 0,
  to = instructions.length,
): Mix {
  const mix = Object.fromEntries(UNITS.map((unit) => [unit, 0])) as Record<Unit, number>;
  for (let i = from; i < to; i++) {
    const each = instructions[i]!;
    // A pair is issued as one; its multiply-adds count.
    const unit = each.dual && multiplyAdds(each) > 0 ? 'fma' : unitOf(each);
    mix[unit] += counts[i]!;
  }
  return mix;
}

/**
 * The loop that most work is done in: of all loops that execute nine tenths of the multiply-adds (of all vector instructions
 * where there are none), the shortest. A loop is what lies between a branch back and its target.
 */
function innerLoop(
  instructions: readonly Instruction[],
  counts: readonly number[],
): { readonly mix: Mix; readonly turns: number } {
  const weight = (from: number, to: number, of: (each: Instruction) => number): number => {
    let sum = 0;
    for (let i = from; i < to; i++) sum += counts[i]! * of(instructions[i]!);
    return sum;
  };
  const work =
    weight(0, instructions.length, multiplyAdds) > 0
      ? multiplyAdds
      : (each: Instruction): number => (unitOf(each) === 'valu' ? 1 : 0);
  const all = weight(0, instructions.length, work);
  const loops = instructions.flatMap(({ target }, i) =>
    target !== undefined && target <= i && counts[i]! > 1 ? [{ from: target, to: i + 1 }] : [],
  );
  const [best] = loops
    .filter(({ from, to }) => weight(from, to, work) >= 0.9 * all)
    .sort((a, b) => a.to - a.from - (b.to - b.from));
  const { from, to } = best ?? { from: 0, to: instructions.length };
  return { mix: mixOf(instructions, counts, from, to), turns: best ? counts[to - 1]! : 1 };
}

function accessesOf(
  kernel: Described,
  { instructions }: Listing,
  counts: readonly number[],
  traces: readonly WaveTrace[],
): Access[] {
  const found = new Map<
    string,
    { what: string; kind: Access['kind']; bytes: number; times: number; traced: AccessTrace[] }
  >();
  const names = [...kernel.bindings.map(({ name }) => name), 'sizes'];
  for (const [i, each] of instructions.entries()) {
    const traced = traces.flatMap(({ accesses }) => accesses.get(i) ?? []);
    const [first] = traced;
    if (!first || counts[i] === 0) continue;
    const { kind, bytes, places } = first.access;
    const binding = traced.find(({ binding }) => binding !== undefined)?.binding;
    const global = each.op.startsWith('scratch') ? 'scratch' : (names[binding ?? -1] ?? 'global');
    const what = unitOf(each) === 'lds' ? 'workgroup' : global;
    const key = `${what} ${kind} ${bytes}`;
    const row = found.get(key) ?? { what, kind, bytes, times: 0, traced: [] };
    row.times += counts[i]! * places;
    row.traced.push(...traced);
    found.set(key, row);
  }
  return [...found.values()].map(({ what, kind, bytes, times, traced }) => {
    const known = traced.filter((each) => each.known > 0);
    const sum = (of: (each: AccessTrace) => number): number => known.reduce((s, each) => s + of(each), 0);
    const least = sum((each) => each.leastPasses);
    const lines = sum((each) => each.lines);
    const local = what === 'workgroup';
    return {
      what,
      kind,
      bytes,
      times,
      conflicts: local && least > 0 ? sum((each) => each.passes) / least : null,
      used: !local && lines > 0 ? sum((each) => each.bytes) / (LINE * lines) : null,
    };
  });
}

interface Run {
  readonly listing: Listing;
  readonly counts: readonly number[];
  readonly traces: readonly WaveTrace[];
  readonly statistics: Compiled['statistics'];
  readonly card: Card;
  /** Of a workgroup. */
  readonly waves: number;
  readonly groups: number;
}

/**
 * Each unit of a compute unit takes the clocks of all its work, the waves share them; the slowest decides, unless the waves
 * that are there at once are too few to hide what one of them waits for. The last round of workgroups counts whole.
 */
function predict(kernel: Described, run: Run): Prediction {
  const { listing, counts, traces, statistics, card, waves, groups } = run;
  const { simds, ldsBytes, cacheBytes, addresses } = COMPUTE_UNITS[card.generation];
  const clocks = { vector: 0, scalar: 0, lds: 0, cache: 0 };
  let freshBytes = 0;
  for (const [i, each] of listing.instructions.entries()) {
    const count = counts[i]!;
    if (count === 0) continue;
    const unit = unitOf(each);
    const issue = issueClocks(each, unit, listing.lanes, card.generation);
    if (unit === 'fma' || unit === 'valu' || unit === 'transcendental' || unit === 'matrix')
      clocks.vector += count * issue;
    if (unit === 'salu' || unit === 'smem' || unit === 'branch') clocks.scalar += count * issue;
    if (unit !== 'lds' && unit !== 'vmem') continue;
    const traced = traces.flatMap(({ accesses }) => accesses.get(i) ?? []);
    const known = traced.reduce((sum, trace) => sum + trace.known, 0);
    const [first] = traced;
    if (!first) continue;
    const width = first.access.bytes * first.access.places;
    // Where addresses are not known: as if neighbours lay side by side.
    const per = (of: (trace: AccessTrace) => number, otherwise: number): number =>
      known > 0 ? traced.reduce((sum, trace) => sum + of(trace), 0) / known : otherwise;
    const bytes = listing.lanes * width;
    if (unit === 'lds') clocks.lds += count * per((trace) => trace.passes, bytes / LINE) * (LINE / ldsBytes);
    else {
      const lines = per((trace) => trace.lines, Math.max(1, bytes / LINE));
      freshBytes += count * per((trace) => trace.fresh, lines) * LINE;
      clocks.cache += count * Math.max(listing.lanes / addresses, (lines * LINE) / cacheBytes);
    }
  }
  const perUnit = Math.ceil(groups / card.computeUnits) * waves;
  const microseconds = (cycles: number): number => cycles / (1000 * card.clock);
  const alone = mean(traces.map(({ cycles }) => cycles));
  const atOnce = Math.max(1, wavesAtOnce(statistics, listing.lanes, card));
  const filled = Math.min(atOnce, (groups * waves) / (card.computeUnits * simds));
  const parts: Record<Bound, number> = {
    vector: microseconds((perUnit * clocks.vector) / simds),
    scalar: microseconds((perUnit * clocks.scalar) / simds),
    lds: microseconds(perUnit * clocks.lds),
    'first cache': microseconds(perUnit * clocks.cache),
    'second cache': (groups * waves * freshBytes) / (1000 * card.cache),
    memory: kernel.bytes / (1000 * memoryRate(kernel.bytes, card)),
    latency: microseconds(alone * Math.max(1, perUnit / simds / atOnce)),
  };
  const [bound, slowest] = Object.entries(parts).sort(([, a], [, b]) => b - a)[0] as [Bound, number];
  return { microseconds: slowest, bound, parts, filled };
}

/** RADV counts in waves of 32 lanes on RDNA, whatever the wave: a SIMD holds 16 of 64. */
function wavesAtOnce(statistics: Compiled['statistics'], lanes: 32 | 64, card: Card | null): number {
  const said = statistics['Subgroups per SIMD'] ?? 0;
  return card?.generation.startsWith('rdna') && lanes === 64 ? said / 2 : said;
}

/** GB/s: what fits into the last cache as a whole is taken to lie there. */
const memoryRate = (bytes: number, { memory, lastCache }: Card): number =>
  lastCache && bytes <= lastCache[0] * 1e6 ? lastCache[1] : memory;
