import { shown, WeightsError } from '../../errors.ts';
import { product } from '../../shape.ts';
import type { ByteSource } from '../byteSource.ts';
import type { Floats } from '../bytes.ts';
import { readFloats, refuseDtype } from '../floats.ts';
import type { StoredTensor, WeightsContent } from '../weightsContent.ts';
import { openLegacyStream, openTorchZip, type TorchContainer, type TorchOptions } from './container.ts';
import { namedTensors } from './stateDict.ts';
import { type TensorRef, TORCH_BYTES } from './value.ts';

const OPENERS = {
  'torch zip': openTorchZip,
  'torch legacy stream': openLegacyStream,
} as const;

/** The tensors of a file of torch.save, and how to read them. @throws WeightsError. */
export async function openTorch(
  source: ByteSource,
  kind: TorchContainer['kind'],
  options: TorchOptions,
): Promise<WeightsContent> {
  const { path } = source;
  const container = await OPENERS[kind](source, options);
  const { tensors: refs, notes } = namedTensors(container.root, (what) => {
    throw new WeightsError(`${path}: ${what}; expected a state dict`);
  });
  const tensors = new Map<string, StoredTensor>(
    [...refs].map(([name, { dtype, shape }]) => [
      name,
      { dtype, shape, bytes: product(shape) * TORCH_BYTES[dtype] },
    ]),
  );
  const total = [...tensors.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  // A stride of 0 makes a huge tensor of one number.
  const most = Math.max(64 * 2 ** 20, 4 * source.size);
  if (total > most) {
    throw new WeightsError(`${path}: its tensors are ${total} bytes, too many for a file of ${source.size}`);
  }
  return {
    kind,
    metadata: new Map(),
    notes,
    tensors,
    async read(name, into) {
      const ref = refs.get(name);
      if (!ref) throw new WeightsError(`${path}: has no tensor ${shown(name)}`);
      return readTensor(path, name, ref, container, into);
    },
  };
}

async function readTensor(
  path: string,
  name: string,
  { storage, dtype, offset, shape, strides }: TensorRef,
  container: TorchContainer,
  into?: Floats,
): Promise<Float32Array> {
  const count = product(shape);
  if (count === 0) return new Float32Array(0);
  const width = TORCH_BYTES[dtype];
  const span = shape.reduce((at, size, axis) => at + (size - 1) * strides[axis]!, 0) + 1;
  const direct = isRowMajor(shape, strides);
  const numbers = await readFloats(
    dtype,
    span,
    (begin, length, bytes) => container.readStorage(storage, offset * width + begin, length, bytes),
    { bigEndian: container.bigEndian, into: direct ? into : undefined },
  );
  if (!numbers) return refuseDtype(path, name, dtype);
  return direct ? numbers : gather(numbers, shape, strides);
}

const isRowMajor = (shape: readonly number[], strides: readonly number[]): boolean => {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= shape[axis]!;
  }
  return true;
};

/** Permuted or sliced views, in row-major order. */
function gather(numbers: Float32Array, shape: readonly number[], strides: readonly number[]): Float32Array {
  const out = new Float32Array(product(shape));
  const index = shape.map(() => 0);
  let from = 0;
  for (let i = 0; i < out.length; i++) {
    out[i] = numbers[from]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis]! += 1;
      from += strides[axis]!;
      if (index[axis]! < shape[axis]!) break;
      from -= index[axis]! * strides[axis]!;
      index[axis] = 0;
    }
  }
  return out;
}
