import { WeightsError } from '../errors.ts';
import { openBytes } from './byteSource.ts';
import type { Floats } from './bytes.ts';
import { openSafetensors } from './readSafetensors.ts';
import { LEGACY_MAGIC, type TorchContainer, type TorchOptions } from './torch/container.ts';
import { openTorch } from './torch/open.ts';
import { beginsTar } from './torch/tar.ts';

/** A tensor as its file describes it; dtypes by safetensors' names. */
export interface StoredTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: number;
}

/** What a weight file of any kind holds, its description checked, read tensor by tensor. */
export interface WeightsContent {
  readonly kind: 'safetensors' | TorchContainer['kind'];
  readonly metadata: ReadonlyMap<string, string>;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /**
   * A float tensor as float32, row-major: F16 and BF16 widened exactly, F64 narrowed.
   * @param into memory that may be used instead of new one, at least as long as the tensor. @throws WeightsError.
   */
  read(name: string, into?: Floats): Promise<Float32Array>;
}

export interface WeightsFile extends WeightsContent {
  readonly path: string;
  close(): Promise<void>;
}

/**
 * Opens safetensors, or a file of torch.save (zip since 1.6, legacy stream before, tar in 0.1), told apart by
 * content. No pickle is executed (weights.md section 7).
 * @throws FileError where it cannot be opened; WeightsError saying what was found instead.
 */
export async function openWeights(path: string, options: TorchOptions = {}): Promise<WeightsFile> {
  const source = await openBytes(path);
  try {
    const lead = await source.read(0, Math.min(source.size, 512));
    const begins = (bytes: readonly number[]): boolean => bytes.every((byte, i) => lead[i] === byte);
    const close = (): Promise<void> => source.close();
    if (begins([0x50, 0x4b, 3, 4]))
      return { path, close, ...(await openTorch(source, 'torch zip', options)) };
    if (begins(LEGACY_MAGIC))
      return { path, close, ...(await openTorch(source, 'torch legacy stream', options)) };
    if (beginsTar(lead)) return { path, close, ...(await openTorch(source, 'torch tar', options)) };
    if (!beginsSafetensors(lead, source.size)) refuseOthers(path, lead);
    return { path, close, ...(await openSafetensors(source)) };
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** Asked before the pickles, because the length that leads such a file can be the bytes that begin one. */
function beginsSafetensors(lead: Uint8Array, size: number): boolean {
  if (lead.length < 9 || lead[8] !== '{'.charCodeAt(0)) return false;
  return new DataView(lead.buffer, lead.byteOffset).getBigUint64(0, true) <= BigInt(size - 8);
}

/** Containers that are known and not read. */
function refuseOthers(path: string, lead: Uint8Array): void {
  const ascii = (from: number, length: number): string =>
    String.fromCharCode(...lead.subarray(from, from + length));
  const refuse = (what: string): never => {
    throw new WeightsError(`${path}: is ${what}`, {
      fix: 'load it with PyTorch and save its state dict again, or take the newer file of the same weights',
    });
  };
  if (ascii(0, 8) === 'PYTORCH1') refuse('an archive of a PyTorch preview');
  if (lead[0] === 0x80 && lead[1]! <= 5) refuse('a plain pickle, not a file of torch.save');
}

/** All tensors of a weight file that hold floats, in memory. */
export async function readWeights(
  path: string,
  wanted: (name: string) => boolean = () => true,
): Promise<{
  metadata: ReadonlyMap<string, string>;
  tensors: Map<string, { shape: readonly number[]; data: Float32Array }>;
}> {
  const file = await openWeights(path);
  try {
    const tensors = new Map<string, { shape: readonly number[]; data: Float32Array }>();
    for (const [name, { shape }] of file.tensors) {
      if (wanted(name)) tensors.set(name, { shape, data: await file.read(name) });
    }
    return { metadata: file.metadata, tensors };
  } finally {
    await file.close();
  }
}
