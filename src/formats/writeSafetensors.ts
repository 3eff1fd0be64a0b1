import { floatToHalf } from '../float16.ts';
import { atomicFile } from './atomicFile.ts';
import { checkLength, type FloatDtype, leadOf, type WritableTensor } from './safetensorsBytes.ts';

export type { FloatDtype, WritableTensor };

/**
 * Writes tensors in name order: same tensors, same bytes. Floats are written as `floats` (F16: to the nearest, ties
 * to even), integers as I32.
 */
export async function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, WritableTensor>,
  metadata: Readonly<Record<string, string>> = {},
  floats: FloatDtype = 'F32',
): Promise<void> {
  const { lead, names } = leadOf(path, tensors, metadata, floats);
  await atomicFile(path, async (write) => {
    await write(lead);
    for (const name of names) {
      const { shape, data } = tensors.get(name)!;
      const numbers = typeof data === 'function' ? await data() : data;
      checkLength(name, shape, numbers.length);
      const stored = floats === 'F16' && numbers instanceof Float32Array ? halvesOf(numbers) : numbers;
      await write(new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength));
    }
  });
}
/** A loop: `Uint16Array.from` would collect all values in a list of their own first. */
function halvesOf(numbers: Float32Array): Uint16Array {
  const halves = new Uint16Array(numbers.length);
  for (let i = 0; i < halves.length; i++) halves[i] = floatToHalf(numbers[i]!);
  return halves;
}
