/** The machine and the table of its opcodes: one idea, kept in one file to be checked at a glance. */
import { shown } from '../../errors.ts';
import { type Fail, isKnownGlobal, reduce, storageOf } from './globals.ts';
import { MAX_STRING, PickleBytes, PickleTruncated } from './pickleBytes.ts';
import { Dict, Foreign, Global, List, type Pickled, Tuple } from './value.ts';

export interface PickleOptions {
  /** Keep objects of unknown classes as opaque values instead of refusing them. Default false. */
  readonly ignoreForeign?: boolean;
  /** Bytes of memory that the values may take. Default PICKLE_MEMORY. */
  readonly memory?: number;
  /** Object for a persistent id. Default: a storage. */
  readonly persistent?: (id: Pickled, fail: Fail) => Pickled;
  /** Reports a fault at a byte offset. */
  readonly fail: (what: string, offset: number) => never;
}

/** A state dict needs about 110 bytes per tensor. */
export const MAX_PICKLE = 64 * 2 ** 20;
/** What to do about some of the names that are not allowed. */
const HINTS: readonly (readonly [RegExp, string])[] = [
  // Classes that trainers leave beside their tensors.
  [/^(easydict|numpy|argparse)\./, 'wgad weights convert --ignore-foreign skips such objects'],
  [
    /^(torch\.nn|torchvision|timm|transformers|efficientnet_pytorch|__main__)\./,
    'it looks like a whole model: save its state dict instead, torch.save(model.state_dict(), path)',
  ],
  [/^torch\.(float|complex|bfloat|q?u?int|bits|Q?U?Int|Complex)\w*$/, 'tensors of this type are not read'],
];
const MAX_STACK = 10_000;
const MAX_MARKS = 100;
const MAX_MEMO = 1_000_000;
/** Default limit of memory for a pickle's values, in bytes: enough for 10,000 tensors. */
export const PICKLE_MEMORY = 16 * 2 ** 20;
/** Approximate sizes of values, in bytes. */
const [OBJECT, NUMBER, ITEM, ENTRY, FIRST_ENTRY] = [96, 16, 8, 48, 200];

/**
 * Reads a pickle without executing anything: a stack machine over inert values, an allow-list of opcodes and of globals
 * (weights.md section 7). Fed piece by piece, it goes on where the last one ended.
 */
export class PickleMachine extends PickleBytes {
  readonly #options: PickleOptions;
  readonly #start: number;
  /** Where the opcode being read begins. */
  #opcode = 0;
  #stack: Pickled[] = [];
  #left: number;
  readonly #marks: Pickled[][] = [];
  /** Sparse: pickles number what they remember from 0 on. */
  readonly #memo: Pickled[] = [];
  #remembered = 0;

  /** `start`: of the pickle in its source. */
  constructor(start: number, options: PickleOptions) {
    super(start);
    this.#start = start;
    this.#options = options;
    this.#left = options.memory ?? PICKLE_MEMORY;
  }

  /**
   * Runs as far as the buffered bytes allow. @returns the value at the pickle's end; undefined where more bytes are
   * needed.
   */
  run(): Pickled | undefined {
    for (;;) {
      this.#opcode = this.at;
      if (this.at - this.#start > MAX_PICKLE) this.fail(`is a pickle of more than ${MAX_PICKLE} bytes`);
      try {
        const code = this.u8();
        if (code === STOP) return this.#result();
        const step = OPCODES.get(code);
        if (!step) this.fail(`has opcode 0x${code.toString(16).padStart(2, '0')}, which no state dict uses`);
        else step(this);
      } catch (error) {
        // Opcodes read all that follows them before they change anything.
        if (!(error instanceof PickleTruncated)) throw error;
        this.at = this.#opcode;
        return undefined;
      }
      this.spend(1);
      if (this.#stack.length > MAX_STACK) this.fail(`stacks more than ${MAX_STACK} values`);
    }
  }

  get isFirst(): boolean {
    return this.#opcode === this.#start;
  }

  #result(): Pickled {
    if (this.#marks.length > 0 || this.#stack.length !== 1) this.fail('ends with other than one value');
    return this.#stack[0]!;
  }

  spend(bytes: number): void {
    this.#left -= bytes;
    if (this.#left < 0) this.fail('makes more values than a state dict has');
  }

  readonly fail: Fail = (what) => this.#options.fail(what, this.#opcode);

  push(value: Pickled): void {
    if (typeof value === 'object' && value !== null) this.spend(OBJECT);
    else if (typeof value === 'number' || typeof value === 'bigint') this.spend(NUMBER);
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
    if (index >= MAX_MEMO) this.fail(`remembers value ${index}, ${MAX_MEMO} at most`);
    this.spend(ITEM);
    if (this.#memo[index] === undefined) this.#remembered += 1;
    this.#memo[index] = this.top();
  }

  rememberNext(): void {
    this.remember(this.#remembered);
  }

  recall(index: number): void {
    const value = this.#memo[index];
    if (value === undefined) this.fail(`recalls value ${index}, which was not remembered`);
    else this.#stack.push(value);
  }

  global(module: string, name: string): void {
    const global = new Global(module, name);
    const path = shown(global.path);
    if (isKnownGlobal(global.path)) this.push(global);
    else if (this.#options.ignoreForeign) this.push(new Foreign(global.path));
    else {
      const hint = HINTS.find(([told]) => told.test(global.path))?.[1];
      this.fail(`names ${path}, which is not allowed${hint === undefined ? '' : `; ${hint}`}`);
    }
  }

  persistent(): void {
    this.push((this.#options.persistent ?? storageOf)(this.pop(), this.fail));
  }

  setItems(pairs: readonly Pickled[]): void {
    const target = this.top();
    if (target instanceof Foreign) return;
    const dict = target instanceof Dict ? target : this.fail('sets items of what is no dict');
    if (pairs.length % 2 !== 0) this.fail('sets a key without a value');
    for (let i = 0; i < pairs.length; i += 2) {
      this.spend(dict.entries.size === 0 ? FIRST_ENTRY : ENTRY);
      dict.set(pairs[i]!, pairs[i + 1]!, this.fail);
    }
  }

  append(values: readonly Pickled[]): void {
    const target = this.top();
    if (target instanceof Foreign) return;
    const items = target instanceof List ? target.items : this.fail('appends to what is no list');
    this.spend(ITEM * values.length);
    for (const value of values) items.push(value);
  }

  tuple(count: number): void {
    this.pushTuple(Array.from({ length: count }, () => this.pop()).reverse());
  }

  pushTuple(items: readonly Pickled[]): void {
    this.spend(ITEM * items.length);
    this.push(new Tuple(items));
  }
}

const STOP = 0x2e;
const MOST_LONG = 16;

/** Every opcode that is accepted, with what it does. All others are refused by their number. */
const OPCODES: ReadonlyMap<number, (m: PickleMachine) => void> = new Map<number, (m: PickleMachine) => void>([
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
  [0x74, (m) => m.pushTuple(m.group())], // TUPLE
  [0x29, (m) => m.pushTuple([])], // EMPTY_TUPLE
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
  [0x42, (m) => pushBytes(m, m.u32())], // BINBYTES
  [0x43, (m) => pushBytes(m, m.u8())], // SHORT_BINBYTES
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
  [0x81, newObject],
  [0x62, build],
]);

function proto(m: PickleMachine): void {
  if (!m.isFirst) m.fail('names its protocol in its middle');
  const version = m.u8();
  if (version < 2 || version > 5) m.fail(`is of protocol ${version}, expected 2 to 5`);
}

function stackGlobal(m: PickleMachine): void {
  const name = m.pop();
  const module = m.pop();
  if (typeof module === 'string' && typeof name === 'string') m.global(module, name);
  else m.fail('names a global by other than strings');
}

function setItem(m: PickleMachine): void {
  const value = m.pop();
  const key = m.pop();
  m.setItems([key, value]);
}

function append(m: PickleMachine): void {
  const value = m.pop();
  m.append([value]);
}

function pushBytes(m: PickleMachine, length: number): void {
  if (length > MAX_STRING) m.fail(`holds ${length} bytes, ${MAX_STRING} at most`);
  const bytes = m.take(length).slice();
  m.spend(OBJECT + length);
  m.push(bytes);
}

function long1(m: PickleMachine): void {
  const length = m.u8();
  if (length > MOST_LONG) m.fail(`holds a number of ${length} bytes`);
  m.push(m.long(length));
}

function reduceTop(m: PickleMachine): void {
  const args = m.pop();
  const callee = m.pop();
  m.push(reduce(callee, args, m.fail));
}

/** Only of foreign classes, and only where those are ignored. */
function newObject(m: PickleMachine): void {
  m.pop();
  const type = m.pop();
  m.push(type instanceof Foreign ? type : m.fail('makes an object of a class'));
}

/** State of an ordered dict (its `_metadata`) is dropped; nothing else has any. */
function build(m: PickleMachine): void {
  m.pop();
  const target = m.top();
  if (!(target instanceof Dict || target instanceof Foreign)) m.fail('sets the state of what is no dict');
}
