import { shown } from '../../errors.ts';

/**
 * What a pickle can hold here: inert values of a closed set. None is callable, and nothing in this folder calls
 * anything that a file names.
 */
export type Pickled =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | List
  | Tuple
  | Dict
  | Global
  | StorageRef
  | TensorRef
  | Foreign;

export class List {
  readonly items: Pickled[] = [];
}

export class Tuple {
  readonly items: readonly Pickled[];
  constructor(items: readonly Pickled[]) {
    this.items = items;
  }
}

const NONE: ReadonlyMap<Pickled, Pickled> = new Map();

/** Insertion-ordered; keys are compared by identity, which is equality for the strings and numbers they are. */
export class Dict {
  /** Made with the first entry: a tensor's hooks are an empty dict, and hostile files have millions. */
  #entries: Map<Pickled, Pickled> | undefined;

  get entries(): ReadonlyMap<Pickled, Pickled> {
    return this.#entries ?? NONE;
  }

  /** No dict of Python's has a key twice: one of the two would be hidden. */
  set(key: Pickled, value: Pickled, fail: (what: string) => never): void {
    this.#entries ??= new Map();
    if (this.#entries.has(key)) fail(`sets the key ${shown(String(key))} twice`);
    this.#entries.set(key, value);
  }
}

/** A name that a pickle refers to. It is never resolved. */
export class Global {
  readonly module: string;
  readonly name: string;
  constructor(module: string, name: string) {
    this.module = module;
    this.name = name;
  }
  get path(): string {
    return `${this.module}.${this.name}`;
  }
}

/** safetensors' names for the element types of torch storages. */
export type TorchDtype = 'F32' | 'F16' | 'BF16' | 'F64' | 'I64' | 'I32' | 'I16' | 'I8' | 'U8' | 'BOOL';

/** A storage by its key; where its bytes lie is the container's matter. */
export class StorageRef {
  readonly dtype: TorchDtype;
  readonly key: string;
  /** Elements. */
  readonly length: number;
  constructor(dtype: TorchDtype, key: string, length: number) {
    this.dtype = dtype;
    this.key = key;
    this.length = length;
  }
}

/** A view of a storage; offset and strides in elements, checked against the storage's length. */
export class TensorRef {
  readonly storage: StorageRef;
  readonly dtype: TorchDtype;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  constructor(
    storage: StorageRef,
    dtype: TorchDtype,
    offset: number,
    shape: readonly number[],
    strides: readonly number[],
  ) {
    this.storage = storage;
    this.dtype = dtype;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }
}

/** An object of a class outside the allow-list, kept opaque where the caller allows it. */
export class Foreign {
  readonly path: string;
  constructor(path: string) {
    this.path = path;
  }
}

/** Bytes per element. */
export const TORCH_BYTES: Readonly<Record<TorchDtype, number>> = {
  F32: 4,
  F16: 2,
  BF16: 2,
  F64: 8,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
};
