/** The machine and the table of its opcodes: one idea, kept in one file to be checked at a glance. */
import { build, type Fail, isKnownGlobal, newObject, reduce, storageOf } from './globals.ts';
import { MAX_STRING, PickleBytes } from './pickleBytes.ts';
import { Dict, Foreign, Global, List, type Pickled, Tuple } from './value.ts';

export interface PickleOptions {
  /** Keep objects of unknown classes as opaque values instead of refusing them. Default false. */
  readonly ignoreForeign?: boolean;
  /** Names that are allowed as values beside those of state dicts. */
  readonly allows?: (path: string) => boolean;
  /** What a persistent id stands for. Default: a storage. */
  readonly persistent?: (id: Pickled, fail: Fail) => Pickled;
  /** Reports a fault at a byte offset. */
  readonly fail: (what: string, offset: number) => never;
}

/** A state dict needs about 110 bytes per tensor. */
export const MAX_PICKLE = 64 * 2 ** 20;
/** Classes that trainers leave beside their tensors. */
const HARMLESS = /^(easydict|numpy|argparse)\./;
const MAX_STACK = 10_000;
const MAX_MARKS = 100;
const MAX_MEMO = 1_000_000;
/** A byte of pickle can ask for an object of a hundred; a tensor needs about fifteen. */
const MAX_OBJECTS = 500_000;

/**
 * Reads one pickle from `bytes[start]` on without executing anything: a stack machine over inert values, an
 * allow-list of opcodes and of globals (weights.md section 7). @returns its value, and where it ended.
 * @throws PickleTruncated (pickleBytes.ts); whatever `fail` throws.
 */
export function readPickle(
  bytes: Uint8Array,
  start: number,
  options: PickleOptions,
): { value: Pickled; end: number } {
  const machine = new Machine(bytes, start, options);
  return { value: machine.run(), end: machine.at };
}

class Machine extends PickleBytes {
  readonly #options: PickleOptions;
  /** Where the opcode being read begins, for messages. */
  #opcode = 0;
  #stack: Pickled[] = [];
  #objects = 0;
  readonly #marks: Pickled[][] = [];
  readonly #memo = new Map<number, Pickled>();

  constructor(bytes: Uint8Array, start: number, options: PickleOptions) {
    super(bytes, start);
    this.#options = options;
  }

  run(): Pickled {
    for (;;) {
      this.#opcode = this.at;
      const code = this.u8();
      if (code === STOP) {
        if (this.#marks.length > 0 || this.#stack.length !== 1) this.fail('ends with other than one value');
        return this.#stack[0]!;
      }
      const step = OPCODES.get(code);
      if (!step) this.fail(`opcode 0x${code.toString(16).padStart(2, '0')} is not one that state dicts use`);
      else step(this);
      if (this.#stack.length > MAX_STACK) this.fail(`stacks more than ${MAX_STACK} values`);
    }
  }

  readonly fail: Fail = (what) => this.#options.fail(what, this.#opcode);

  push(value: Pickled): void {
    if (typeof value === 'object' && ++this.#objects > MAX_OBJECTS)
      this.fail(`makes more than ${MAX_OBJECTS} objects`);
    this.#stack.push(value);
  }

  pop(): Pickled {
    const value = this.#stack.pop();
    return value === undefined ? this.fail('takes a value from an empty stack') : value;
  }

  top(): Pickled {
    const value = this.#stack.at(-1);
    return value === undefined ? this.fail('takes a value from an empty stack') : value;
  }

  mark(): void {
    if (this.#marks.length >= MAX_MARKS) this.fail(`nests more than ${MAX_MARKS} groups`);
    this.#marks.push(this.#stack);
    this.#stack = [];
  }

  /** The values since the last mark. */
  group(): Pickled[] {
    const before = this.#marks.pop();
    if (!before) return this.fail('closes a group that was not opened');
    const values = this.#stack;
    this.#stack = before;
    return values;
  }

  remember(index: number): void {
    if (this.#memo.size >= MAX_MEMO) this.fail(`remembers more than ${MAX_MEMO} values`);
    this.#memo.set(index, this.top());
  }

  rememberNext(): void {
    this.remember(this.#memo.size);
  }

  recall(index: number): void {
    const value = this.#memo.get(index);
    if (value === undefined) this.fail(`recalls value ${index}, which was not remembered`);
    else this.push(value);
  }

  global(module: string, name: string): void {
    const global = new Global(module, name);
    if (isKnownGlobal(global.path) || this.#options.allows?.(global.path)) this.push(global);
    else if (this.#options.ignoreForeign) this.push(new Foreign(global.path));
    else {
      const skip = HARMLESS.test(global.path) ? '; --ignore-foreign skips such objects' : '';
      this.fail(`names ${global.path}, which is not allowed${skip}`);
    }
  }

  persistent(): void {
    this.push((this.#options.persistent ?? storageOf)(this.pop(), this.fail));
  }

  setItems(pairs: readonly Pickled[]): void {
    const target = this.top();
    if (target instanceof Foreign) return;
    const entries = target instanceof Dict ? target.entries : this.fail('sets items of what is no dict');
    if (pairs.length % 2 !== 0) this.fail('sets a key without a value');
    for (let i = 0; i < pairs.length; i += 2) entries.set(pairs[i]!, pairs[i + 1]!);
  }

  append(values: readonly Pickled[]): void {
    const target = this.top();
    if (target instanceof Foreign) return;
    const items = target instanceof List ? target.items : this.fail('appends to what is no list');
    for (const value of values) items.push(value);
  }

  tuple(count: number): void {
    const items = Array.from({ length: count }, () => this.pop()).reverse();
    this.push(new Tuple(items));
  }
}

const STOP = 0x2e;
const MOST_LONG = 16;

/** Every opcode that is accepted, with what it does. All others are refused by their number. */
const OPCODES: ReadonlyMap<number, (m: Machine) => void> = new Map<number, (m: Machine) => void>([
  [0x80, proto],
  [0x95, (m) => void m.take(8)], // FRAME
  [0x63, (m) => m.global(m.line(), m.line())], // GLOBAL
  [0x93, stackGlobal],
  [0x71, (m) => m.remember(m.u8())], // BINPUT
  [0x72, (m) => m.remember(m.u32())], // LONG_BINPUT
  [0x94, (m) => m.rememberNext()], // MEMOIZE
  [0x68, (m) => m.recall(m.u8())], // BINGET
  [0x6a, (m) => m.recall(m.u32())], // LONG_BINGET
  [0x28, (m) => m.mark()], // MARK
  [0x74, (m) => m.push(new Tuple(m.group()))], // TUPLE
  [0x29, (m) => m.push(new Tuple([]))], // EMPTY_TUPLE
  [0x85, (m) => m.tuple(1)],
  [0x86, (m) => m.tuple(2)],
  [0x87, (m) => m.tuple(3)],
  [0x7d, (m) => m.push(new Dict())], // EMPTY_DICT
  [0x5d, (m) => m.push(new List())], // EMPTY_LIST
  [0x73, setItem],
  [0x75, (m) => m.setItems(m.group())], // SETITEMS
  [0x61, append],
  [0x65, (m) => m.append(m.group())], // APPENDS
  [0x58, (m) => m.push(m.string(m.u32()))], // BINUNICODE
  [0x8c, (m) => m.push(m.string(m.u8()))], // SHORT_BINUNICODE
  [0x55, (m) => m.push(m.string(m.u8()))], // SHORT_BINSTRING
  [0x54, (m) => m.push(m.string(m.u32()))], // BINSTRING: a negative length reads as one that is too long
  [0x42, binBytes],
  [0x43, (m) => m.push(m.take(m.u8()).slice())], // SHORT_BINBYTES
  [0x4b, (m) => m.push(m.u8())], // BININT1
  [0x4d, (m) => m.push(m.number(2, (view, at) => view.getUint16(at, true)))], // BININT2
  [0x4a, (m) => m.push(m.number(4, (view, at) => view.getInt32(at, true)))], // BININT
  [0x8a, long1],
  [0x47, (m) => m.push(m.number(8, (view, at) => view.getFloat64(at, false)))], // BINFLOAT is big-endian
  [0x4e, (m) => m.push(null)], // NONE
  [0x88, (m) => m.push(true)],
  [0x89, (m) => m.push(false)],
  [0x51, (m) => m.persistent()], // BINPERSID
  [0x52, reduceTop],
  [0x81, newObjectTop],
  [0x62, buildTop],
]);

function proto(m: Machine): void {
  const version = m.u8();
  if (version < 2 || version > 5) m.fail(`is of protocol ${version}, expected 2 to 5`);
}

function stackGlobal(m: Machine): void {
  const name = m.pop();
  const module = m.pop();
  if (typeof module === 'string' && typeof name === 'string') m.global(module, name);
  else m.fail('names a global by other than strings');
}

function setItem(m: Machine): void {
  const value = m.pop();
  const key = m.pop();
  m.setItems([key, value]);
}

function append(m: Machine): void {
  const value = m.pop();
  m.append([value]);
}

function binBytes(m: Machine): void {
  const length = m.u32();
  if (length > MAX_STRING) m.fail(`holds ${length} bytes, ${MAX_STRING} at most`);
  m.push(m.take(length).slice());
}

function long1(m: Machine): void {
  const length = m.u8();
  if (length > MOST_LONG) m.fail(`holds a number of ${length} bytes`);
  m.push(m.long(length));
}

function reduceTop(m: Machine): void {
  const args = m.pop();
  const callee = m.pop();
  m.push(reduce(callee, args, m.fail));
}

function newObjectTop(m: Machine): void {
  const args = m.pop();
  const type = m.pop();
  m.push(newObject(type, args, m.fail));
}

function buildTop(m: Machine): void {
  const state = m.pop();
  build(m.top(), state, m.fail);
}
