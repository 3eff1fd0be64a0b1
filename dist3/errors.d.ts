/** Stable error codes; see README, "Errors". A code never changes its meaning. */
export type ErrorCode = 'E_NO_ADAPTER' | 'E_SHAPE' | 'E_DTYPE' | 'E_LIMIT' | 'E_OUT_OF_MEMORY' | 'E_DEVICE_LOST' | 'E_GPU' | 'E_WEIGHTS' | 'E_FILE' | 'E_IMAGE' | 'E_DATASET' | 'E_NOT_FINITE' | 'E_CONFIG';
/** What an error may carry beside its sentence. */
export interface ErrorDetails {
    /** The one thing the reader can do about it. */
    fix?: string;
    /** The file, tensor, layer or step it happened at. */
    where?: string;
    cause?: unknown;
}
/**
 * Every error this package throws on purpose. The message says what was wrong, where, and what would be
 * right; `code` is for programs, `fix` for people.
 */
export declare class WgadError extends Error {
    readonly code: ErrorCode;
    readonly fix: string | undefined;
    readonly where: string | undefined;
    constructor(code: ErrorCode, message: string, details?: ErrorDetails);
}
/** The sum of what is wrong with a call's shapes: all of them at once. */
export declare class ShapeError extends WgadError {
    constructor(message: string, details?: ErrorDetails);
}
export declare class DtypeError extends WgadError {
    constructor(message: string, details?: ErrorDetails);
}
/** Something exceeds what the adapter allows; says what was asked and what is allowed. */
export declare class LimitError extends WgadError {
    constructor(message: string, details?: ErrorDetails);
}
/** Anything the GPU reported: no adapter, lost, out of memory, or a validation error. */
export declare class GpuError extends WgadError {
    constructor(code: 'E_NO_ADAPTER' | 'E_DEVICE_LOST' | 'E_OUT_OF_MEMORY' | 'E_GPU', message: string, details?: ErrorDetails);
}
/** Missing, unexpected and mis-shaped tensors, all listed; or a malformed weight file. */
export declare class WeightsError extends WgadError {
    constructor(message: string, details?: ErrorDetails);
}
export declare class FileError extends WgadError {
    constructor(message: string, details?: ErrorDetails);
}
export declare class ImageError extends WgadError {
    constructor(message: string, details?: ErrorDetails);
}
export declare class DatasetError extends WgadError {
    constructor(message: string, details?: ErrorDetails);
}
/** A loss, weight or score became NaN or infinite; names the step and the tensor. */
export declare class NotFiniteError extends WgadError {
    constructor(message: string, details?: ErrorDetails);
}
export declare class ConfigError extends WgadError {
    constructor(message: string, details?: ErrorDetails);
}
