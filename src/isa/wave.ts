/**
 * Follows a wave of workgroup 0 through a kernel: how often each instruction is executed, where each access to memory goes,
 * and how long the wave would take alone. Values from memory are unknown, so a branch that depends on one is not taken,
 * and said to be unknown.
 */
import { COMPARES, setsNonZero, WORDS } from './arithmetic.ts';
import {
  type Instruction,
  type Listing,
  type MemoryAccess,
  memoryAccess,
  type Unit,
  unitOf,
} from './listing.ts';
import { EXEC, type Operand, operandOf, type Registers, registersAtStart } from './registers.ts';

/** What the kernel reads beside memory. */
export interface Surroundings {
  /** Bytes of each binding, in order. */
  readonly bindingBytes: readonly number[];
  /** Lines of the first cache that are a wave's share: what it touched last is found there again. */
  readonly keptLines: number;
  /** Index of the uniform buffer among the bindings, and its words. */
  readonly uniform?: { readonly binding: number; readonly words: readonly number[] };
}

/** Cycles between an instruction and its result, and of issuing one. */
export interface Timing {
  readonly issue: (instruction: Instruction, unit: Unit) => number;
  readonly latency: Readonly<Record<'lds' | 'vmem' | 'smem', number>>;
}

export interface AccessTrace {
  readonly access: MemoryAccess;
  /** The binding read or written; undefined for the workgroup's memory, or where it is not known. */
  binding?: number;
  /** Executions whose addresses were known, and sums over them. */
  known: number;
  /** Passes of 128 bytes that the LDS needs, and would need without conflicts. */
  passes: number;
  leastPasses: number;
  /** Lines of 128 bytes touched, and bytes asked for. */
  lines: number;
  bytes: number;
  /** Of the lines, those that the wave had not just loaded. */
  fresh: number;
}

export interface WaveTrace {
  /** Executions of each instruction. */
  readonly counts: Float64Array;
  readonly accesses: ReadonlyMap<number, AccessTrace>;
  /** Cycles with nothing else on the SIMD. */
  readonly cycles: number;
  /** Branches whose condition was not known. */
  readonly unknownBranches: number;
  /** False where it was given up after `MOST_STEPS` instructions. */
  readonly whole: boolean;
}

const MOST_STEPS = 4_000_000;
/** Executions of an access whose addresses are looked at; later ones are like them. */
const LOOKED_AT = 8;
const LINE = 128;
const BANKS = 32;
const DESCRIPTOR_BYTES = 16;
/** Upper half of the addresses of descriptors, which RADV writes out. */
const DESCRIPTORS_HIGH = 0xffff_8000;

type Step = (r: Registers) => void;

type Followed = Surroundings & { readonly kept: KeptLines };

/** The lines that a wave loaded last, as many as its share of the first cache holds. */
class KeptLines {
  private readonly lines = new Set<number>();
  private readonly most: number;

  constructor(most: number) {
    this.most = most;
  }

  /** Whether the line is a new one; it is the last loaded then. */
  load(line: number): boolean {
    const fresh = !this.lines.delete(line);
    this.lines.add(line);
    if (this.lines.size > this.most) this.lines.delete(this.lines.values().next().value!);
    return fresh;
  }
}

/** Apart from the lines of other bindings. */
const BINDING_LINES = 2 ** 32;

/** @param first index of the wave's first lane in its workgroup */
export function traceWave(listing: Listing, around: Surroundings, timing: Timing, first: number): WaveTrace {
  const { instructions, lanes } = listing;
  const registers = registersAtStart(lanes, first);
  const units = instructions.map(unitOf);
  const accesses = new Map<number, AccessTrace>();
  const kept = new KeptLines(around.keptLines);
  const steps = instructions.map((each, i) => stepOf(each, units[i]!, { ...around, kept }, i, accesses));
  const issue = instructions.map((each, i) => timing.issue(each, units[i]!));
  const counts = new Float64Array(instructions.length);
  const clock = new WaveClock(timing);
  let unknownBranches = 0;
  let taken = 0;
  for (let at = 0; at < instructions.length; taken++) {
    if (taken === MOST_STEPS) return { counts, accesses, cycles: clock.now, unknownBranches, whole: false };
    const instruction = instructions[at]!;
    counts[at]! += 1;
    clock.issue(instruction, units[at]!, issue[at]!);
    if (instruction.op === 's_endpgm') break;
    steps[at]!(registers);
    if (units[at] !== 'branch') {
      at += 1;
      continue;
    }
    const taking = branches(instruction.op, registers);
    if (taking === undefined) unknownBranches += 1;
    at = taking && instruction.target !== undefined ? instruction.target : at + 1;
  }
  return { counts, accesses, cycles: clock.now, unknownBranches, whole: true };
}

/** Undefined where the condition is not known. */
function branches(op: string, { scc, scalars, scalarKnown, lanes }: Registers): boolean | undefined {
  if (op === 's_branch') return true;
  if (op.endsWith('scc0')) return scc === undefined ? undefined : !scc;
  if (op.endsWith('scc1')) return scc;
  const at = op.includes('vcc') ? 106 : EXEC;
  if (!scalarKnown[at]) return undefined;
  const zero = scalars[at] === 0 && (lanes === 32 || scalars[at + 1] === 0);
  return op.endsWith('nz') ? !zero : zero;
}

/** A wave in order: loads are under way until a wait asks for them. */
class WaveClock {
  now = 0;
  private readonly latency: Timing['latency'];
  /** When each outstanding access ends, in order. */
  private readonly pending: Record<'vmem' | 'lds' | 'smem', number[]> = { vmem: [], lds: [], smem: [] };

  constructor({ latency }: Timing) {
    this.latency = latency;
  }

  issue({ op, named, operands }: Instruction, unit: Unit, cycles: number): void {
    this.now += cycles;
    if (unit === 'vmem' || unit === 'lds' || unit === 'smem') {
      // Nothing waits for a store before the end of the kernel.
      if (!(unit === 'vmem' && op.includes('store'))) this.pending[unit].push(this.now + this.latency[unit]);
      return;
    }
    if (unit !== 'wait' || !op.startsWith('s_wait')) return;
    const count = Number(operands[0] ?? 0);
    if (op === 's_waitcnt') {
      if (named.vmcnt !== undefined) this.until('vmem', named.vmcnt);
      if (named.lgkmcnt !== undefined) {
        this.until('lds', named.lgkmcnt);
        this.until('smem', named.lgkmcnt);
      }
    } else if (op === 's_wait_loadcnt') this.until('vmem', count);
    else if (op === 's_wait_dscnt') this.until('lds', count);
    else if (op === 's_wait_kmcnt') this.until('smem', count);
    else if (op === 's_wait_loadcnt_dscnt') {
      this.until('vmem', count >> 8);
      this.until('lds', count & 0xff);
    }
  }

  /** Waits until at most `left` accesses are outstanding. */
  private until(unit: 'vmem' | 'lds' | 'smem', left: number): void {
    const pending = this.pending[unit];
    const ended = pending.splice(0, Math.max(0, pending.length - left));
    for (const time of ended) if (time > this.now) this.now = time;
  }
}

const nothing: Step = () => {};

function stepOf(
  instruction: Instruction,
  unit: Unit,
  around: Followed,
  index: number,
  accesses: Map<number, AccessTrace>,
): Step {
  const { op, operands: texts, dual } = instruction;
  const operands = texts.map(operandOf);
  if (dual) {
    const first = stepOf({ ...instruction, dual: undefined } as Instruction, unit, around, index, accesses);
    const second = stepOf(dual, unitOf(dual), around, index, accesses);
    return (r) => {
      first(r);
      second(r);
    };
  }
  if (unit === 'branch' || unit === 'wait' || unit === 'barrier') return nothing;
  if (unit === 'smem') return scalarLoad(instruction, operands, around);
  if (unit === 'lds' || unit === 'vmem')
    return memoryStep(instruction, unit, operands, around.kept, index, accesses);
  if (op.startsWith('s_')) return scalarStep(op.slice(2), operands, texts);
  return vectorStep(op.slice(2).replace(/^dual_/, ''), operands, texts);
}

/** Registers that an operand's text names: 2 for `s[4:5]`. */
function widthOf(text: string): number {
  const range = /\[(\d+):(\d+)\]/.exec(text);
  if (range) return Number(range[2]) - Number(range[1]) + 1;
  return text === 'vcc' || text === 'exec' ? 2 : 1;
}

function forget(operand: Operand | undefined, width: number): Step {
  if (operand?.kind === 'vector') return (r) => void r.vectorKnown.fill(0, operand.at, operand.at + width);
  if (operand?.kind !== 'scalar') return nothing;
  return (r) => {
    r.scalarKnown.fill(0, operand.at, operand.at + width);
    r.descriptors.fill(-1, operand.at, operand.at + width);
  };
}

function scalarLoad({ op, named }: Instruction, operands: readonly Operand[], around: Surroundings): Step {
  const [result, base, offset] = operands;
  if (result?.kind !== 'scalar' || base?.kind !== 'scalar') return nothing;
  const words = Number(/(?:dwordx|b)(\d+)$/.exec(op)?.[1] ?? 1);
  const width = op.includes('dword') ? words : Math.max(1, words / 32);
  const fixed = named.offset ?? 0;
  return (r) => {
    const at = (offset ? scalarOf(r, offset) : 0) as number | undefined;
    const from = at === undefined ? undefined : at + fixed;
    const describes = r.scalarKnown[base.at + 1] === 1 && r.scalars[base.at + 1] === DESCRIPTORS_HIGH;
    const binding = r.descriptors[base.at]!;
    for (let i = 0; i < width; i++) {
      const to = result.at + i;
      r.scalarKnown[to] = 0;
      r.descriptors[to] = -1;
      if (from === undefined) continue;
      if (op.startsWith('s_buffer_load')) {
        const value = around.uniform?.binding === binding ? around.uniform.words[from / 4 + i] : undefined;
        if (value === undefined) continue;
        r.scalars[to] = value;
        r.scalarKnown[to] = 1;
      } else if (describes) {
        const place = from + 4 * i;
        if (place % DESCRIPTOR_BYTES === 0) r.descriptors[to] = place / DESCRIPTOR_BYTES;
        const bytes = around.bindingBytes[Math.floor(place / DESCRIPTOR_BYTES)];
        // Its third word is the length.
        if (place % DESCRIPTOR_BYTES !== 8 || bytes === undefined) continue;
        r.scalars[to] = bytes;
        r.scalarKnown[to] = 1;
      }
    }
  };
}

function scalarOf(r: Registers, operand: Operand): number | undefined {
  switch (operand.kind) {
    case 'value':
      return operand.value;
    case 'scalar':
      return r.scalarKnown[operand.at] ? r.scalars[operand.at] : undefined;
    case 'scc':
      return r.scc === undefined ? undefined : Number(r.scc);
    default:
      return undefined;
  }
}

/** The upper word of an operand of 64 bits. */
function upperOf(r: Registers, operand: Operand): number | undefined {
  if (operand.kind === 'value') return operand.value >> 31 ? 0xffff_ffff : 0;
  return operand.kind === 'scalar'
    ? scalarOf(r, { kind: 'scalar', at: operand.at + 1 })
    : scalarOf(r, operand);
}

function setScalar(r: Registers, at: number, value: number | undefined): void {
  r.descriptors[at] = -1;
  r.scalarKnown[at] = value === undefined ? 0 : 1;
  if (value !== undefined) r.scalars[at] = value;
}

function scalarStep(name: string, operands: readonly Operand[], texts: readonly string[]): Step {
  const compare = /^cmpk?_(\w\w)_([ui])(32|64)$/.exec(name);
  const relation = compare && COMPARES[compare[1]!];
  if (compare && relation) {
    const [a, b] = (name.startsWith('cmpk') ? operands.map(extended) : operands) as [Operand, Operand];
    const signed = compare[2] === 'i';
    return (r) => {
      const [x, y] = [scalarOf(r, a), scalarOf(r, b)];
      if (x === undefined || y === undefined) r.scc = undefined;
      else r.scc = signed ? relation(x | 0, y | 0) : relation(x, y);
    };
  }
  const [result, ...given] = operands;
  if (result?.kind !== 'scalar') return nothing;
  const saves = /^(and|or|andn2|and_not1)_saveexec_b(32|64)$/.exec(name);
  if (saves) return saveExec(result.at, given[0]!, saves[1]!, saves[2] === '64');
  const select = /^cselect_b(32|64)$/.exec(name);
  const [a = UNKNOWN, b = UNKNOWN] = given;
  if (select) {
    return (r) => {
      const chosen = r.scc === undefined ? UNKNOWN : r.scc ? a : b;
      const [lower, upper] = [scalarOf(r, chosen), upperOf(r, chosen)];
      setScalar(r, result.at, lower);
      if (select[1] === '64') setScalar(r, result.at + 1, upper);
    };
  }
  // The result is an operand too: `s_addk_i32 s8, 0x200`.
  const inPlace = /^(addk|mulk)_i32$/.test(name);
  const [x, y, z = UNKNOWN] = inPlace
    ? [result, extended(given.at(-1)!)]
    : [name === 'movk_i32' ? extended(a) : a, given.length > 1 ? b : ZERO, given[2]];
  if (name === 'bfm_b64') return bitField(result.at, a, b);
  const wide = name.endsWith('_b64');
  const words = WORDS[wide ? name.replace('_b64', '_b32') : name];
  if (!words || (wide && /^lsh|^ashr/.test(name))) {
    const lose = forget(result, Math.max(wide ? 2 : 1, widthOf(texts[0]!)));
    return (r) => {
      lose(r);
      r.scc = undefined;
    };
  }
  const carries = /^add_u32$|^sub_u32$/.test(name);
  const chooses = /^(min|max)_/.test(name);
  const apply = (p: number | undefined, q: number | undefined, s: number | undefined): number | undefined => {
    if (name === 'mul_i32' && (p === 0 || q === 0)) return 0;
    return p === undefined || q === undefined ? undefined : words(p, q, s ?? 0) >>> 0;
  };
  return (r) => {
    const [p, q] = [scalarOf(r, x), scalarOf(r, y)];
    const lower = apply(p, q, scalarOf(r, z));
    const upper = wide ? apply(upperOf(r, x), upperOf(r, y), undefined) : 0;
    setScalar(r, result.at, lower);
    if (wide) setScalar(r, result.at + 1, upper);
    if (setsNonZero(name))
      r.scc = lower === undefined || upper === undefined ? undefined : (lower | upper) !== 0;
    else if (carries && p !== undefined && q !== undefined)
      r.scc = name === 'add_u32' ? p + q > 0xffff_ffff : q > p;
    else if (chooses) r.scc = lower === undefined ? undefined : lower === p;
    else if (carries) r.scc = undefined;
  };
}

/** `width` ones, the lowest at `offset`. */
const bitField =
  (result: number, width: Operand, offset: Operand): Step =>
  (r) => {
    const [w, o] = [scalarOf(r, width), scalarOf(r, offset)];
    const field =
      w === undefined || o === undefined ? undefined : ((1n << BigInt(w & 63)) - 1n) << BigInt(o & 63);
    setScalar(r, result, field === undefined ? undefined : Number(field & 0xffff_ffffn));
    setScalar(r, result + 1, field === undefined ? undefined : Number((field >> 32n) & 0xffff_ffffn));
  };

/** LLVM writes the short constants of `s_movk_i32` and its like without their sign. */
const extended = (operand: Operand): Operand =>
  operand.kind === 'value' ? { kind: 'value', value: ((operand.value << 16) >> 16) >>> 0 } : operand;

const UNKNOWN: Operand = { kind: 'unknown' };
const ZERO: Operand = { kind: 'value', value: 0 };

/** Where the condition is not known, all lanes go on. */
function saveExec(result: number, source: Operand, how: string, wide: boolean): Step {
  return (r) => {
    for (let i = 0; i < (wide ? 2 : 1); i++) {
      const old = r.scalars[EXEC + i]!;
      const given = i === 0 ? scalarOf(r, source) : upperOf(r, source);
      setScalar(r, result + i, old);
      if (given === undefined) continue;
      const now = how === 'and' ? given & old : how === 'or' ? given | old : given & ~old;
      r.scalars[EXEC + i] = now >>> 0;
    }
    r.scalarKnown.fill(1, EXEC, EXEC + 2);
    r.scc = (r.scalars[EXEC]! | (wide ? r.scalars[EXEC + 1]! : 0)) !== 0;
  };
}

/** Lanes at work: all where that is not known. */
const active = (r: Registers, lane: number): boolean =>
  !r.scalarKnown[EXEC] || ((r.scalars[EXEC + (lane >> 5)]! >>> (lane & 31)) & 1) === 1;

const known = (r: Registers, operand: Operand): boolean =>
  operand.kind === 'vector' ? r.vectorKnown[operand.at] === 1 : scalarOf(r, operand) !== undefined;

const laneOf = (r: Registers, operand: Operand, lane: number): number =>
  operand.kind === 'vector' ? r.vectors[operand.at]![lane]! : scalarOf(r, operand)!;

function vectorStep(name: string, operands: readonly Operand[], texts: readonly string[]): Step {
  const compare = /^cmp(x?)_(\w\w)_([ui])(32|16)$/.exec(name);
  const relation = compare && COMPARES[compare[2]!];
  if (compare && relation) return compareStep(operands, compare[1] === 'x', relation, compare[3] === 'i');
  if (/^cmpx?_/.test(name)) return name.startsWith('cmpx') ? nothing : forget(operands[0], 2);
  const [result, ...given] = operands;
  if (name === 'readfirstlane_b32' && result?.kind === 'scalar') {
    const [source] = given as [Operand];
    return (r) => {
      let lane = 0;
      while (lane < r.lanes - 1 && !active(r, lane)) lane += 1;
      setScalar(r, result.at, known(r, source) ? laneOf(r, source, lane) : undefined);
    };
  }
  if (name === 's_rcp_f32') return scalarStep(name, operands, texts);
  if (result?.kind !== 'vector') return forget(result, widthOf(texts[0] ?? ''));
  const width = widthOf(texts[0]!);
  const word = LANE_WORDS[name] ?? WORDS[name];
  if (name === 'cndmask_b32') return selectStep(result.at, given);
  if (name === 'lshrrev_b64' || name === 'lshlrev_b64')
    return shiftPair(result.at, given, name === 'lshrrev_b64');
  if (name === 'mad_u64_u32') return multiplyPair(result.at, given.slice(1));
  if (!word || width > 1) return forget(result, width);
  const [a, b = ZERO, c = ZERO] = given as [Operand, Operand?, Operand?];
  return (r) => {
    if (!known(r, a) || !known(r, b) || !known(r, c)) {
      r.vectorKnown[result.at] = 0;
      return;
    }
    const to = r.vectors[result.at]!;
    for (let lane = 0; lane < r.lanes; lane++) {
      if (active(r, lane)) to[lane] = word(laneOf(r, a, lane), laneOf(r, b, lane), laneOf(r, c, lane), lane);
    }
    r.vectorKnown[result.at] = 1;
  };
}

const ones = (word: number): number => {
  let count = 0;
  for (let rest = word >>> 0; rest !== 0; rest = (rest & (rest - 1)) >>> 0) count += 1;
  return count;
};
const below = (lane: number): number => (lane >= 32 ? 0xffff_ffff : (2 ** Math.max(0, lane) - 1) >>> 0);

/** Those whose result depends on the lane: how many lanes of a mask lie below it. */
const LANE_WORDS: Readonly<Record<string, (a: number, b: number, c: number, lane: number) => number>> = {
  mbcnt_lo_u32_b32: (a, b, _, lane) => ones(a & below(lane)) + b,
  mbcnt_hi_u32_b32: (a, b, _, lane) => ones(a & below(lane - 32)) + b,
};

function compareStep(
  operands: readonly Operand[],
  toExec: boolean,
  relation: (a: number, b: number) => boolean,
  signed: boolean,
): Step {
  const [a, b] = operands.slice(-2) as [Operand, Operand];
  const result = operands[0]!;
  const targets = [
    ...(operands.length > 2 && result.kind === 'scalar' ? [result.at] : []),
    ...(toExec ? [EXEC] : []),
  ];
  return (r) => {
    const words = [0, 0];
    const sure = known(r, a) && known(r, b);
    if (!sure && toExec) return;
    for (let lane = 0; sure && lane < r.lanes; lane++) {
      if (!active(r, lane)) continue;
      const [x, y] = [laneOf(r, a, lane), laneOf(r, b, lane)];
      if (signed ? relation(x | 0, y | 0) : relation(x, y)) words[lane >> 5]! |= 1 << (lane & 31);
    }
    for (const at of targets) {
      setScalar(r, at, sure ? words[0]! >>> 0 : undefined);
      if (r.lanes === 64) setScalar(r, at + 1, sure ? words[1]! >>> 0 : undefined);
    }
  };
}

function selectStep(result: number, [no, yes, mask]: readonly Operand[]): Step {
  return (r) => {
    const [lower, upper] = [scalarOf(r, mask ?? VCC_OPERAND), upperOf(r, mask ?? VCC_OPERAND)];
    const sure =
      known(r, no!) && known(r, yes!) && lower !== undefined && (r.lanes === 32 || upper !== undefined);
    r.vectorKnown[result] = sure ? 1 : 0;
    if (!sure) return;
    const to = r.vectors[result]!;
    for (let lane = 0; lane < r.lanes; lane++) {
      if (!active(r, lane)) continue;
      const bit = ((lane < 32 ? lower : upper!) >>> (lane & 31)) & 1;
      to[lane] = laneOf(r, bit ? yes! : no!, lane);
    }
  };
}

const VCC_OPERAND: Operand = { kind: 'scalar', at: 106 };

const pairOf = (r: Registers, operand: Operand, lane: number): bigint => {
  const lower = BigInt(laneOf(r, operand, lane));
  if (operand.kind === 'value') return lower;
  return (
    lower |
    (BigInt(laneOf(r, { ...operand, at: (operand as { at: number }).at + 1 } as Operand, lane)) << 32n)
  );
};
const pairKnown = (r: Registers, operand: Operand): boolean =>
  known(r, operand) &&
  (operand.kind === 'value' || known(r, { ...operand, at: (operand as { at: number }).at + 1 } as Operand));

function setPairs(r: Registers, result: number, sure: boolean, pair: (lane: number) => bigint): void {
  r.vectorKnown[result] = r.vectorKnown[result + 1] = sure ? 1 : 0;
  for (let lane = 0; sure && lane < r.lanes; lane++) {
    if (!active(r, lane)) continue;
    const value = pair(lane);
    r.vectors[result]![lane] = Number(value & 0xffff_ffffn);
    r.vectors[result + 1]![lane] = Number((value >> 32n) & 0xffff_ffffn);
  }
}

function shiftPair(result: number, [distance, value]: readonly Operand[], right: boolean): Step {
  return (r) =>
    setPairs(r, result, known(r, distance!) && pairKnown(r, value!), (lane) => {
      const by = BigInt(laneOf(r, distance!, lane) & 63);
      const word = pairOf(r, value!, lane);
      return right ? word >> by : word << by;
    });
}

function multiplyPair(result: number, [a, b, c]: readonly Operand[]): Step {
  return (r) =>
    setPairs(r, result, known(r, a!) && known(r, b!) && pairKnown(r, c!), (lane) => {
      return BigInt(laneOf(r, a!, lane)) * BigInt(laneOf(r, b!, lane)) + pairOf(r, c!, lane);
    });
}

function memoryStep(
  instruction: Instruction,
  unit: 'lds' | 'vmem',
  operands: readonly Operand[],
  kept: KeptLines,
  index: number,
  accesses: Map<number, AccessTrace>,
): Step {
  const { op, operands: texts, named, flags } = instruction;
  const access = memoryAccess(instruction);
  const loads = access?.kind !== 'store';
  const lose = loads ? forget(operands[0], widthOf(texts[0] ?? '')) : nothing;
  if (!access) return lose;
  const { bytes, places } = access;
  const trace: AccessTrace = { access, known: 0, passes: 0, leastPasses: 0, lines: 0, bytes: 0, fresh: 0 };
  accesses.set(index, trace);
  const unitBytes = (/st64/.test(op) ? 64 : 1) * bytes;
  // ACO calls the only offset of an LDS access offset0 too.
  const offsets =
    places === 2
      ? [(named.offset0 ?? 0) * unitBytes, (named.offset1 ?? 0) * unitBytes]
      : [named.offset ?? named.offset0 ?? 0];
  const address = unit === 'lds' ? operands[loads ? 1 : 0] : operands[1];
  const base = unit === 'vmem' ? operands[3] : undefined;
  const resource = operands[2];
  const addressed = unit === 'lds' || flags.includes('offen');
  return (r) => {
    if (trace.known < LOOKED_AT) {
      if (unit === 'vmem' && resource?.kind === 'scalar' && op.startsWith('buffer_')) {
        const binding = r.descriptors[resource.at]!;
        if (binding >= 0) trace.binding = binding;
      }
      const start = base ? scalarOf(r, base) : 0;
      const sure = start !== undefined && (!addressed || (address !== undefined && known(r, address)));
      if (sure && (unit === 'lds' || op.startsWith('buffer_'))) {
        const at: number[] = [];
        for (let lane = 0; lane < r.lanes; lane++) {
          at.push(active(r, lane) ? start + (addressed ? laneOf(r, address!, lane) : 0) : -1);
        }
        for (const offset of offsets) record(trace, at, offset, bytes, kept);
        trace.known += 1;
      }
    }
    lose(r);
  };
}

/** @param at addresses by lane; -1: idle */
function record(
  trace: AccessTrace,
  at: readonly number[],
  offset: number,
  bytes: number,
  kept: KeptLines,
): void {
  const together = Math.max(1, LINE / Math.max(4, bytes));
  const lines = new Set<number>();
  for (let start = 0; start < at.length; start += together) {
    const banks = new Map<number, Set<number>>();
    let any = false;
    for (const address of at.slice(start, start + together)) {
      if (address < 0) continue;
      any = true;
      trace.bytes += bytes;
      for (let byte = 0; byte < bytes; byte += 4) {
        const word = (address + offset + byte) >>> 2;
        lines.add(Math.floor((4 * word) / LINE));
        const bank = word % BANKS;
        const words = banks.get(bank);
        if (words) words.add(word);
        else banks.set(bank, new Set([word]));
      }
    }
    if (!any) continue;
    trace.leastPasses += 1;
    trace.passes += Math.max(...[...banks.values()].map((words) => words.size));
  }
  trace.lines += lines.size;
  const { access, binding = 0 } = trace;
  for (const line of lines) {
    if (access.kind !== 'load' || kept.load(binding * BINDING_LINES + line)) trace.fresh += 1;
  }
}
