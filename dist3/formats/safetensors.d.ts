import { type Shape } from '../shape.ts';
import { type TensorEntry } from './safetensorsHeader.ts';
/** A tensor to be written. */
export interface WritableTensor {
    readonly shape: Shape;
    readonly data: Float32Array | Int32Array;
}
/** A checked file, open for reading tensor by tensor. */
export interface SafetensorsFile {
    readonly metadata: ReadonlyMap<string, string>;
    readonly tensors: ReadonlyMap<string, TensorEntry>;
    /** A float tensor as float32: F32 as it is, F16 and BF16 widened exactly, F64 narrowed. */
    read(name: string): Promise<Float32Array>;
    close(): Promise<void>;
}
/**
 * Opens a safetensors file and checks its header completely (weights.md section 5) before any tensor is read.
 * @throws FileError where it cannot be opened; WeightsError where it is not a well-formed file.
 */
export declare function openSafetensors(path: string): Promise<SafetensorsFile>;
/** All float tensors of a file and its metadata. */
export declare function readSafetensors(path: string): Promise<{
    metadata: ReadonlyMap<string, string>;
    tensors: Map<string, {
        shape: Shape;
        data: Float32Array;
    }>;
}>;
/** Writes float32 (or int32) tensors in name order: same tensors, same bytes. */
export declare function writeSafetensors(path: string, tensors: ReadonlyMap<string, WritableTensor>, metadata?: Readonly<Record<string, string>>): Promise<void>;
/** Exact, subnormals and non-finite values included. */
export declare function halfToFloat(bits: number): number;
