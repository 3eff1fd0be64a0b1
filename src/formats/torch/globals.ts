import {
  Dict,
  Foreign,
  Global,
  List,
  type Pickled,
  StorageRef,
  TensorRef,
  TORCH_BYTES,
  type TorchDtype,
  Tuple,
} from './value.ts';

/** Reports a fault; the machine adds file and byte offset. */
export type Fail = (what: string) => never;

/** torch's typed storages. An untyped one holds bytes; the tensor over it names the type. */
const STORAGES: ReadonlyMap<string, TorchDtype> = new Map([
  ['torch.FloatStorage', 'F32'],
  ['torch.HalfStorage', 'F16'],
  ['torch.BFloat16Storage', 'BF16'],
  ['torch.DoubleStorage', 'F64'],
  ['torch.LongStorage', 'I64'],
  ['torch.IntStorage', 'I32'],
  ['torch.ShortStorage', 'I16'],
  ['torch.CharStorage', 'I8'],
  ['torch.ByteStorage', 'U8'],
  ['torch.BoolStorage', 'BOOL'],
  ['torch.storage.UntypedStorage', 'U8'],
]);

const DTYPES: ReadonlyMap<string, TorchDtype> = new Map([
  ['torch.float32', 'F32'],
  ['torch.float16', 'F16'],
  ['torch.bfloat16', 'BF16'],
  ['torch.float64', 'F64'],
  ['torch.int64', 'I64'],
  ['torch.int32', 'I32'],
  ['torch.int16', 'I16'],
  ['torch.int8', 'I8'],
  ['torch.uint8', 'U8'],
  ['torch.bool', 'BOOL'],
]);

type Maker = (args: readonly Pickled[], fail: Fail) => Pickled;

/** What REDUCE makes of a global and its arguments: a pattern match per name, not a call (weights.md 7.3). */
const MAKERS: ReadonlyMap<string, Maker> = new Map<string, Maker>([
  ['collections.OrderedDict', orderedDict],
  ['torch._utils._rebuild_tensor', rebuildTensor],
  ['torch._utils._rebuild_tensor_v2', rebuildTensor],
  ['torch._utils._rebuild_tensor_v3', rebuildTyped],
  [
    'torch._utils._rebuild_parameter',
    ([tensor], fail) => (tensor instanceof TensorRef ? tensor : fail('a parameter expects a tensor')),
  ],
  ['torch.Size', ([sizes], fail) => (sizes instanceof Tuple ? sizes : fail('torch.Size expects a tuple'))],
]);

export const isKnownGlobal = (path: string): boolean =>
  MAKERS.has(path) || STORAGES.has(path) || DTYPES.has(path);

export function reduce(callee: Pickled, args: Pickled, fail: Fail): Pickled {
  if (callee instanceof Foreign) return callee;
  if (!(callee instanceof Global)) return fail('REDUCE expects a global to apply');
  const make = MAKERS.get(callee.path);
  if (!make) return fail(`${callee.path} is not something to apply`);
  if (!(args instanceof Tuple)) return fail(`${callee.path} expects a tuple of arguments`);
  return make(args.items, (what) => fail(`${callee.path}: ${what}`));
}

/** ('storage', class, key, location, numel[, view]): the only persistent id there is. */
export function storageOf(id: Pickled, fail: Fail): StorageRef {
  if (!(id instanceof Tuple)) return fail('a persistent id expects a tuple');
  const [kind, type, key, , length, view = null] = id.items;
  if (kind === 'module') return fail('a whole module was pickled, with its code; expected a state dict');
  const dtype = type instanceof Global ? STORAGES.get(type.path) : undefined;
  if (kind !== 'storage' || !dtype) return fail('a persistent id expects a storage of a known type');
  if (typeof key !== 'string' || !isCount(length)) return fail('a storage expects a key and a length');
  if (view !== null) return fail('a storage that is a view of another is not supported');
  return new StorageRef(dtype, key, length);
}

function orderedDict(args: readonly Pickled[], fail: Fail): Dict {
  const made = new Dict();
  const [pairs] = args;
  if (pairs === undefined) return made;
  if (!(pairs instanceof List)) return fail('expects no argument or a list of pairs');
  for (const pair of pairs.items) {
    if (!((pair instanceof List || pair instanceof Tuple) && pair.items.length === 2))
      return fail('expects pairs');
    made.set(pair.items[0]!, pair.items[1]!, fail);
  }
  return made;
}

function rebuildTensor([storage, offset, shape, strides]: readonly Pickled[], fail: Fail): TensorRef {
  if (!(storage instanceof StorageRef)) return fail('expects a storage');
  return view(storage, storage.dtype, storage.length, [offset, shape, strides], fail);
}

/** As v2, with a dtype sixth, over a storage counted in bytes. */
function rebuildTyped(args: readonly Pickled[], fail: Fail): TensorRef {
  const [storage, offset, shape, strides, , , type] = args;
  const dtype = type instanceof Global ? DTYPES.get(type.path) : undefined;
  if (!(storage instanceof StorageRef) || !dtype) return fail('expects a storage and a dtype');
  const width = TORCH_BYTES[dtype];
  return view(storage, dtype, Math.floor(storage.length / width), [offset, shape, strides], fail);
}

/** At most so many dimensions: no network has more. */
const MAX_RANK = 8;

function view(
  storage: StorageRef,
  dtype: TorchDtype,
  length: number,
  [offset, shape, strides]: readonly (Pickled | undefined)[],
  fail: Fail,
): TensorRef {
  if (!isCount(offset)) return fail('offset expects a whole number of at least 0');
  if (!(shape instanceof Tuple && strides instanceof Tuple)) return fail('shape and stride expect tuples');
  const [sizes, steps] = [shape.items, strides.items];
  if (
    !sizes.every(isCount) ||
    !steps.every(isCount) ||
    sizes.length !== steps.length ||
    sizes.length > MAX_RANK
  ) {
    return fail(`shape and stride expect as many whole numbers of at least 0, ${MAX_RANK} at most`);
  }
  const last = sizes.reduce((at, size, axis) => at + (size - 1) * steps[axis]!, offset);
  if (!sizes.includes(0) && !(Number.isSafeInteger(last) && last < length)) {
    return fail(`reads element ${last} of a storage of ${length}`);
  }
  return new TensorRef(storage, dtype, offset, sizes, steps);
}

const isCount = (value: Pickled | undefined): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
