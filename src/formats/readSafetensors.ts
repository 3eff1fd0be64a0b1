import { shown, WeightsError } from '../errors.ts';
import { refuseExtra } from '../options.ts';
import { product } from '../shape.ts';
import type { ByteSource } from './byteSource.ts';
import type { Bytes } from './bytes.ts';
import { isInteger, readFloats, refuseDtype } from './floats.ts';
import { parseHeader } from './safetensorsHeader.ts';
import type { WeightsContent } from './weightsContent.ts';

/** The tensors of a safetensors file: its header is checked completely (weights.md section 5) before any is read. */
export async function openSafetensors(source: ByteSource): Promise<WeightsContent> {
  const { path, size } = source;
  const lead = size >= 8 ? await source.read(0, 8) : new Uint8Array(0);
  const { metadata, tensors, start } = await parseHeader(path, size, lead, (at, length) =>
    source.read(at, length),
  );
  return {
    kind: 'safetensors',
    metadata,
    notes: [],
    tensors: new Map(
      [...tensors].map(([name, { dtype, shape, begin, end }]) => [
        name,
        { dtype, shape, bytes: end - begin },
      ]),
    ),
    async read(name, into) {
      const entry = tensors.get(name);
      if (!entry) throw new WeightsError(`${path}: has no tensor ${shown(name)}`);
      const numbers = await readFloats(
        entry.dtype,
        product(entry.shape),
        (begin, length, bytes) => source.read(start + entry.begin + begin, length, bytes),
        { into },
      );
      return numbers ?? refuseDtype(path, name, entry.dtype);
    },
  };
}

/**
 * A state dict from the bytes of a safetensors file, where they came from a network or a browser: its float tensors by
 * name as float32, row-major (F16 and BF16 widened exactly, F64 narrowed). Tensors of integers (`num_batches_tracked`)
 * are left out.
 * @param where what errors call it.
 * @throws WeightsError saying what is wrong with the file; also for element types that are neither (F8, F6, F4, C64).
 */
export async function parseSafetensors(
  bytes: ArrayBuffer | Bytes,
  where = 'safetensors',
  ...extra: never[]
): Promise<Map<string, { shape: readonly number[]; data: Float32Array }>> {
  refuseExtra('parseSafetensors', extra);
  const content = await openSafetensors(bytesInMemory(bytes, where));
  const tensors = new Map<string, { shape: readonly number[]; data: Float32Array }>();
  for (const [name, { dtype, shape }] of content.tensors) {
    if (!isInteger(dtype)) tensors.set(name, { shape, data: await content.read(name) });
  }
  return tensors;
}

function bytesInMemory(data: ArrayBuffer | Bytes, path: string): ByteSource {
  const all = data instanceof Uint8Array ? data : new Uint8Array(data);
  return {
    path,
    size: all.length,
    async read(offset, length, into) {
      if (offset + length > all.length) {
        throw new WeightsError(`${path}: ends at byte ${all.length}, expected ${offset + length}`);
      }
      const bytes = into?.subarray(0, length) ?? new Uint8Array(length);
      bytes.set(all.subarray(offset, offset + length));
      return bytes;
    },
    async close() {},
  };
}
