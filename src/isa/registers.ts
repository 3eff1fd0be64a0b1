/**
 * Registers of one wave, each value known or not: what was loaded from memory is not. Known are the lanes' own indices and
 * all that follows from them and from the sizes that a kernel reads; that is what loops and addresses are made of.
 */

/** Places of the special registers among the scalar ones. */
const VCC = 106;
const M0 = 124;
export const EXEC = 126;
const SCALARS = 128;
const VECTORS = 256;
const MOST_LANES = 64;

export interface Registers {
  readonly lanes: 32 | 64;
  readonly scalars: Uint32Array;
  readonly scalarKnown: Uint8Array;
  /** Per scalar: the binding whose descriptor begins here, or -1. */
  readonly descriptors: Int16Array;
  readonly vectors: readonly Uint32Array[];
  readonly vectorKnown: Uint8Array;
  scc: boolean | undefined;
}

/**
 * As a wave of workgroup 0 finds them: RADV passes indices of the workgroup, flags and the upper half of addresses in
 * scalars, all zero here.
 * @param first index of the wave's first lane in its workgroup
 */
export function registersAtStart(lanes: 32 | 64, first: number): Registers {
  const registers: Registers = {
    lanes,
    scalars: new Uint32Array(SCALARS),
    scalarKnown: new Uint8Array(SCALARS).fill(1),
    descriptors: new Int16Array(SCALARS).fill(-1),
    vectors: Array.from({ length: VECTORS }, () => new Uint32Array(MOST_LANES)),
    vectorKnown: new Uint8Array(VECTORS).fill(1),
    scc: false,
  };
  registers.scalars.fill(0xffff_ffff, EXEC, EXEC + lanes / 32);
  for (let lane = 0; lane < lanes; lane++) registers.vectors[0]![lane] = first + lane;
  return registers;
}

/** Where an operand lies, or what it is. */
export type Operand =
  | { readonly kind: 'scalar'; readonly at: number }
  | { readonly kind: 'vector'; readonly at: number }
  | { readonly kind: 'value'; readonly value: number }
  | { readonly kind: 'scc' }
  | { readonly kind: 'unknown' };

const SPECIAL: Readonly<Record<string, number>> = {
  vcc: VCC,
  vcc_lo: VCC,
  vcc_hi: VCC + 1,
  exec: EXEC,
  exec_lo: EXEC,
  exec_hi: EXEC + 1,
  m0: M0,
};

const bits = new DataView(new ArrayBuffer(4));
/** A number as the bits of its float32. */
export function floatBits(value: number): number {
  bits.setFloat32(0, value);
  return bits.getUint32(0);
}
export function floatOf(word: number): number {
  bits.setUint32(0, word);
  return bits.getFloat32(0);
}

export function operandOf(text: string): Operand {
  const register = /^([sv])(?:(\d+)|\[(\d+)(?::\d+)?\])$/.exec(text);
  if (register) {
    const at = Number(register[2] ?? register[3]);
    const [most, kind] = register[1] === 's' ? [SCALARS, 'scalar' as const] : [VECTORS, 'vector' as const];
    return at < most ? { kind, at } : { kind: 'unknown' };
  }
  const special = SPECIAL[text];
  if (special !== undefined) return { kind: 'scalar', at: special };
  if (text === 'src_scc' || text === 'scc') return { kind: 'scc' };
  if (text === 'null' || text === 'off') return { kind: 'value', value: 0 };
  if (/^-?(0x[\da-f]+|\d+)$/.test(text)) return { kind: 'value', value: Number(text) >>> 0 };
  if (/^-?\d+\.\d+(e[+-]?\d+)?$/.test(text)) return { kind: 'value', value: floatBits(Number(text)) };
  return { kind: 'unknown' };
}
