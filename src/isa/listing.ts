/**
 * RADV's listing of a kernel as instructions. Two dialects are read: LLVM's, with each generation's own names, and ACO's,
 * which RADV prints where its LLVM does not know the card. Operands are written as LLVM writes them in both.
 */

export interface Instruction {
  /** Without the suffixes that name an encoding (_e32, _e64). */
  readonly op: string;
  /** 's4', 'v[0:3]', 'vcc', 'exec', 'null', '0x41', … the result first. */
  readonly operands: readonly string[];
  /** Numbers given by name: offset, offset0, offset1, vmcnt, … */
  readonly named: Readonly<Record<string, number>>;
  /** Words without a value: offen, glc, … */
  readonly flags: readonly string[];
  /** Index of the instruction that a branch goes to. */
  readonly target?: number;
  /** The second half of a pair that is issued as one. */
  readonly dual?: Instruction;
}

export interface Listing {
  readonly instructions: readonly Instruction[];
  /** Lanes of a wave. */
  readonly lanes: 32 | 64;
}

/** @param text from `BB0` on. */
export function parseListing(text: string): Listing {
  const aco = /^BB0$/m.test(text);
  const starts = new Map<string, number>();
  const found: (Instruction & { readonly block?: string })[] = [];
  for (const line of text.split('\n')) {
    const block = /^(BB\d+):?$/.exec(line.trim())?.[1];
    if (block !== undefined) {
      starts.set(block, found.length);
      continue;
    }
    const repeated = /^\s*\(then repeated (\d+) times?\)/.exec(line)?.[1];
    if (repeated !== undefined) {
      for (let i = 0; i < Number(repeated); i++) found.push(found.at(-1)!);
      continue;
    }
    const bare = line
      .replace(/\s*;.*$/, '')
      .replace(/\/\*.*?\*\//g, '')
      .trim();
    const parsed = bare === '' ? null : aco ? parseAco(bare) : parseLlvm(bare);
    if (parsed) found.push(parsed);
  }
  const instructions = found.map(({ block, ...rest }): Instruction => {
    const target = block === undefined ? undefined : starts.get(block);
    return target === undefined ? rest : { ...rest, target };
  });
  // Of 64 lanes the mask takes two registers.
  const lanes =
    instructions.some(({ op }) => /_(saveexec|mov|and|or)_?\w*_b64$/.test(op)) ||
    !/exec_lo|vcc_lo/.test(text);
  return { instructions, lanes: lanes && !/\bexec_lo\b/.test(text) ? 64 : 32 };
}

type Line = Instruction & { readonly block?: string };

function parseLlvm(line: string): Line | null {
  const [first, second] = line.split(' :: ') as [string, string?];
  const parsed = instructionOf(first);
  if (!parsed || second === undefined) return parsed;
  const dual = instructionOf(second);
  return dual ? { ...parsed, dual } : parsed;
}

/** `op a, b offset:4 offen`. */
function instructionOf(text: string): Line | null {
  const [, name, rest = ''] = /^([a-z]\w+)\s*(.*)$/.exec(text) ?? [];
  if (name === undefined) return null;
  const op = name.replace(/_(e32|e64|dpp|sdwa|e64_dpp|dpp8)$/, '');
  if (op.startsWith('s_delay_alu')) return { op, operands: [], named: {}, flags: [] };
  const named: Record<string, number> = {};
  const flags: string[] = [];
  const operands: string[] = [];
  const counters = rest.replace(
    /\b(vmcnt|lgkmcnt|expcnt|vscnt)\((\d+)\)/g,
    (_, counter: string, value: string) => {
      named[counter] = Number(value);
      return '';
    },
  );
  let block: string | undefined;
  for (const part of counters.split(',')) {
    for (const [i, word] of part.trim().split(/\s+/).entries()) {
      const pair = /^([a-z]\w*):(-?(?:0x)?[\da-f]+)$/.exec(word);
      if (/^BB\d+$/.test(word)) block = word;
      else if (pair) named[pair[1]!] = Number(pair[2]);
      else if (i > 0 && /^[a-z]\w*$/.test(word) && !isOperand(word)) flags.push(word);
      else if (word !== '') operands.push(word.replace(/^-?\|(.*)\|$/, '$1').replace(/^-(?=[sv[])/, ''));
    }
  }
  return { op, operands, named, flags, ...(block !== undefined && { block }) };
}

const isOperand = (word: string): boolean =>
  /^(?:[sv]\d+|vcc\w*|exec\w*|null|m0|off|src_scc|scc|ttmp\d+)$/.test(word);

/** `s1: %1:s[4],  s1: %2:scc = op (kill)%3:v[0-3], 5 offset:4`. */
function parseAco(line: string): Line | null {
  const registers = line
    .replace(/\((?!\d)[\w ]+\)(?=%)/g, '')
    .replace(/%\d+:([sv])\[(\d+)-(\d+)\](\[[\d:]+\])?/g, '$1[$2:$3]')
    .replace(/%\d+:([sv])\[(\d+)\](\[[\d:]+\])?/g, '$1$2')
    .replace(/%\d+:/g, '')
    .replace(/\b[sv]\d+b?: /g, '')
    .replace(/\bimm:/g, ', ')
    .replace(/\bblock:/g, '')
    .replace(/\b(storage|semantics|scope):\S+/g, '');
  const [left, right] = registers.includes(' = ') ? registers.split(' = ') : ['', registers];
  const parsed = instructionOf(right!.trim());
  if (!parsed) return null;
  const results = left!.split(',').map((each) => each.trim().replace(/^\(.*?\)/, ''));
  const saves = parsed.op.includes('saveexec');
  const kept = (each: string): boolean => each !== '' && !(saves && each === 'exec');
  const written = results.filter((each) => kept(each) && each !== 'scc');
  // Where the instruction always reads it, LLVM does not name it.
  const impliesScc = /^s_(cselect|c?branch|addc|subb)/.test(parsed.op);
  const read = parsed.operands.filter((each) => kept(each) && !(impliesScc && each === 'scc'));
  return { ...parsed, operands: inLlvmOrder(parsed.op, [...written, ...read], written.length > 0) };
}

/** ACO names a buffer's descriptor first and what is stored last. */
function inLlvmOrder(op: string, operands: readonly string[], loads: boolean): readonly string[] {
  if (!/^buffer_/.test(op)) return operands;
  if (loads) {
    const [data, resource, address, offset] = operands;
    return [data!, address!, resource!, offset!];
  }
  const [resource, address, offset, data] = operands;
  return [data!, address!, resource!, offset!];
}

/** The part of a compute unit that executes an instruction. */
export type Unit =
  | 'fma'
  | 'matrix'
  | 'valu'
  | 'transcendental'
  | 'salu'
  | 'branch'
  | 'smem'
  | 'lds'
  | 'vmem'
  | 'barrier'
  | 'wait';

const MULTIPLY_ADD =
  /^v_(?:dual_)?(?:pk_)?(?:fma|fmac|mad|mac)(?:ak|mk|_mix|_mixlo|_mixhi)?_(?:legacy_)?f(?:16|32)|^v_dot2\w*_f/;

export function unitOf({ op }: Instruction): Unit {
  if (/^v_(s_)?(rcp|rsq|sqrt|exp|log|sin|cos)_/.test(op)) return 'transcendental';
  if (/^v_s?w?mmac?_|^v_swmmac|^v_mfma/.test(op)) return 'matrix';
  if (MULTIPLY_ADD.test(op)) return 'fma';
  if (op.startsWith('v_')) return 'valu';
  if (op.startsWith('ds_')) return 'lds';
  if (/^(buffer|global|flat|scratch|image)_/.test(op)) return 'vmem';
  if (/^s_(buffer_)?(load|store)_/.test(op)) return 'smem';
  if (/^s_c?branch|^s_setpc|^s_swappc/.test(op)) return 'branch';
  if (/^s_barrier/.test(op)) return 'barrier';
  if (/^s_(wait|nop|delay|clause|sendmsg|inst_|set_inst|setprio|sleep|endpgm|code_end|icache)/.test(op))
    return 'wait';
  return 'salu';
}

/** Multiply-adds of one lane; of a whole wave for a matrix instruction. */
export function multiplyAdds(instruction: Instruction): number {
  const { op, dual } = instruction;
  const second = dual ? multiplyAdds(dual) : 0;
  const matrix = /_(\d+)x(\d+)x(\d+)_/.exec(op);
  if (unitOf(instruction) === 'matrix' && matrix)
    return Number(matrix[1]) * Number(matrix[2]) * Number(matrix[3]);
  if (!MULTIPLY_ADD.test(op)) return second;
  return second + (/^v_pk_|^v_dot2/.test(op) ? 2 : 1);
}

export interface MemoryAccess {
  readonly kind: 'load' | 'store' | 'atomic';
  /** Bytes of a lane at one address. */
  readonly bytes: number;
  /** Addresses of a lane: 2 for the forms of LDS accesses with two offsets. */
  readonly places: 1 | 2;
}

const NAMED_BYTES: Readonly<Record<string, number>> = {
  dwordx4: 16,
  dwordx3: 12,
  dwordx2: 8,
  dword: 4,
  short: 2,
  ushort: 2,
  sshort: 2,
  byte: 1,
  ubyte: 1,
  sbyte: 1,
};

/** Null for instructions that touch no memory, such as a permutation through the LDS's crossbar. */
export function memoryAccess({ op }: Instruction): MemoryAccess | null {
  const [, verb] =
    /_(load|read|store|write|atomic|add|min|max|cmpst|cmpstore|inc|or|and|xor|swap|wrxchg)/.exec(op) ?? [];
  if (verb === undefined || /permute|swizzle/.test(op)) return null;
  const places = /2addr|(?:read|write)2/.test(op) ? 2 : 1;
  const kind = /load|read/.test(verb)
    ? 'load'
    : /store|write/.test(verb) && verb !== 'cmpstore'
      ? 'store'
      : 'atomic';
  const name = /(dwordx[234]|dword|[us]?short|[us]?byte)/.exec(op)?.[1];
  const bits =
    [...op.matchAll(/_[bufi](8|16|32|64|96|128)\b/g)].at(-1)?.[1] ?? /_d16_[bui](8|16)/.exec(op)?.[1];
  return { kind, bytes: name === undefined ? Number(bits ?? 32) / 8 : NAMED_BYTES[name]!, places };
}
