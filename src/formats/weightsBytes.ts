import { WeightsError } from '../errors.ts';
import type { ByteSource } from './byteSource.ts';
import { isInteger } from './floats.ts';
import { foreignFile } from './foreignFiles.ts';
import { openSafetensors } from './readSafetensors.ts';
import { LEGACY_MAGIC, type TorchOptions } from './torch/container.ts';
import { openTorch } from './torch/open.ts';
import type { WeightsContent } from './weightsContent.ts';

export interface WeightsFile extends WeightsContent {
  readonly path: string;
  close(): Promise<void>;
}

/**
 * Safetensors, or a file of torch.save (zip since 1.6, legacy stream before), told apart by content, from wherever its
 * bytes come. No pickle is executed (weights.md section 7).
 * @throws WeightsError saying what was found instead; the source is then closed.
 */
export async function weightsIn(source: ByteSource, options: TorchOptions = {}): Promise<WeightsFile> {
  const { path } = source;
  try {
    const lead = await source.read(0, Math.min(source.size, LEAD));
    const begins = (bytes: readonly number[]): boolean => bytes.every((byte, i) => lead[i] === byte);
    const close = (): Promise<void> => source.close();
    if (begins([0x50, 0x4b, 3, 4]))
      return { path, close, ...(await openTorch(source, 'torch zip', options)) };
    if (begins(LEGACY_MAGIC))
      return { path, close, ...(await openTorch(source, 'torch legacy stream', options)) };
    if (!beginsSafetensors(lead, source.size)) refuseOthers(path, lead, source.size);
    return { path, close, ...(await openSafetensors(source)) };
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** Bytes at the start that identify a file. */
const LEAD = 2048;

/** Checked before pickles, because the header length of a safetensors file can look like the start of a pickle. */
function beginsSafetensors(lead: Uint8Array, size: number): boolean {
  if (lead.length < 9 || lead[8] !== '{'.charCodeAt(0)) return false;
  return new DataView(lead.buffer, lead.byteOffset).getBigUint64(0, true) <= BigInt(size - 8);
}

/** Refuses a file of an unsupported kind, naming the kind. */
function refuseOthers(path: string, lead: Uint8Array, size: number): never {
  const foreign = foreignFile(lead, size);
  if (foreign) throw new WeightsError(`${path}: is ${foreign.what}`, { fix: foreign.fix });
  throw new WeightsError(`${path}: is no weight file: neither safetensors nor a file of torch.save`, {
    fix: 'download it again, or load it with the library that wrote it and save its tensors as safetensors',
  });
}

/** All tensors of an open weight file that hold floats, in memory; those of integers are left out. It is closed. */
export async function tensorsIn(
  file: WeightsFile,
  wanted: (name: string) => boolean = () => true,
): Promise<{
  metadata: ReadonlyMap<string, string>;
  tensors: Map<string, { shape: readonly number[]; data: Float32Array }>;
}> {
  try {
    const tensors = new Map<string, { shape: readonly number[]; data: Float32Array }>();
    for (const [name, { shape, dtype }] of file.tensors) {
      if (wanted(name) && !isInteger(dtype)) tensors.set(name, { shape, data: await file.read(name) });
    }
    return { metadata: file.metadata, tensors };
  } finally {
    await file.close();
  }
}
