/**
 * Every error this package throws on purpose. The message says what was wrong, where, and what would be
 * right; `code` is for programs, `fix` for people.
 */
export class WgadError extends Error {
    code;
    fix;
    where;
    constructor(code, message, details = {}) {
        super(message, details.cause === undefined ? undefined : { cause: details.cause });
        this.name = new.target.name;
        this.code = code;
        this.fix = details.fix;
        this.where = details.where;
    }
}
/** The sum of what is wrong with a call's shapes: all of them at once. */
export class ShapeError extends WgadError {
    constructor(message, details) {
        super('E_SHAPE', message, details);
    }
}
export class DtypeError extends WgadError {
    constructor(message, details) {
        super('E_DTYPE', message, details);
    }
}
/** Something exceeds what the adapter allows; says what was asked and what is allowed. */
export class LimitError extends WgadError {
    constructor(message, details) {
        super('E_LIMIT', message, details);
    }
}
/** Anything the GPU reported: no adapter, lost, out of memory, or a validation error. */
export class GpuError extends WgadError {
    constructor(code, message, details) {
        super(code, message, details);
    }
}
/** Missing, unexpected and mis-shaped tensors, all listed; or a malformed weight file. */
export class WeightsError extends WgadError {
    constructor(message, details) {
        super('E_WEIGHTS', message, details);
    }
}
export class FileError extends WgadError {
    constructor(message, details) {
        super('E_FILE', message, details);
    }
}
export class ImageError extends WgadError {
    constructor(message, details) {
        super('E_IMAGE', message, details);
    }
}
export class DatasetError extends WgadError {
    constructor(message, details) {
        super('E_DATASET', message, details);
    }
}
/** A loss, weight or score became NaN or infinite; names the step and the tensor. */
export class NotFiniteError extends WgadError {
    constructor(message, details) {
        super('E_NOT_FINITE', message, details);
    }
}
export class ConfigError extends WgadError {
    constructor(message, details) {
        super('E_CONFIG', message, details);
    }
}
//# sourceMappingURL=errors.js.map