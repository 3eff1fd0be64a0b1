/** Stable error codes; see docs/errors.md. A code never changes its meaning. */
export type ErrorCode =
  | 'E_NO_ADAPTER'
  | 'E_SHAPE'
  | 'E_DTYPE'
  | 'E_LIMIT'
  | 'E_OUT_OF_MEMORY'
  | 'E_DEVICE_LOST'
  | 'E_GPU'
  | 'E_WEIGHTS'
  | 'E_FILE'
  | 'E_IMAGE'
  | 'E_DATASET'
  | 'E_NOT_FINITE'
  | 'E_WRONG_RESULT'
  | 'E_CONFIG';

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
export class WgadError extends Error {
  readonly code: ErrorCode;
  readonly fix: string | undefined;
  readonly where: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(screenful(message), details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.code = code;
    this.fix = details.fix;
    this.where = details.where;
  }
}

/**
 * Characters that a terminal acts on instead of showing, control characters except newline and text-direction marks; and
 * those that no reader sees, byte order marks above all.
 */
const OBEYED = /(?!\n)[\p{Cc}\p{Bidi_Control}\u00ad\u200b\u2028\u2029\u2060\ufeff]/gu;
/** Longest message in characters: what a 24-line terminal can show. */
const SCREEN = 1800;
/** Longest name in a message, in characters. */
const MOST_OF_NAME = 120;

const escaped = (text: string): string =>
  text.replace(OBEYED, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** A name from outside, escaped and cut to one line for a message or a table. */
export function shown(name: string, most = MOST_OF_NAME): string {
  if (name.length <= most) return escaped(name).replaceAll('\n', '\\n');
  return `${escaped(name.slice(0, most)).replaceAll('\n', '\\n')}… (${name.length} characters)`;
}

/** A text from outside with control characters escaped; line breaks stay. */
export const harmless = (text: string): string => escaped(text);

function screenful(message: string): string {
  if (message.length <= SCREEN) return harmless(message);
  return `${harmless(message.slice(0, SCREEN))}… (${message.length - SCREEN} more characters)`;
}

/** Lists everything that is wrong with the shapes of a call. */
export class ShapeError extends WgadError {
  constructor(message: string, details?: ErrorDetails) {
    super('E_SHAPE', message, details);
  }
}
/** Wrong element type, or an argument that is not a value, tensor or number. */
export class DtypeError extends WgadError {
  constructor(message: string, details?: ErrorDetails) {
    super('E_DTYPE', message, details);
  }
}
/** Something exceeds what the adapter allows; says what was asked and what is allowed. */
export class LimitError extends WgadError {
  constructor(message: string, details?: ErrorDetails) {
    super('E_LIMIT', message, details);
  }
}
/** Anything the GPU reported: no adapter, lost, out of memory, or a validation error. */
export class GpuError extends WgadError {
  constructor(
    code: 'E_NO_ADAPTER' | 'E_DEVICE_LOST' | 'E_OUT_OF_MEMORY' | 'E_GPU',
    message: string,
    details?: ErrorDetails,
  ) {
    super(code, message, details);
  }
}
/**
 * A plan did not fit into the device's memory. WebGPU does not report how much memory there is, only when it runs out.
 */
export class OutOfMemoryError extends GpuError {
  /** Bytes that the plan needs beside its state. */
  readonly asked: number;
  /** Bytes of it that had been allocated when it ran out. */
  readonly available: number;

  constructor(message: string, bytes: { asked: number; available: number }, details?: ErrorDetails) {
    super('E_OUT_OF_MEMORY', message, details);
    this.asked = bytes.asked;
    this.available = bytes.available;
  }
}
/** Missing, unexpected and mis-shaped tensors, all listed; or a malformed weight file. */
export class WeightsError extends WgadError {
  constructor(message: string, details?: ErrorDetails) {
    super('E_WEIGHTS', message, details);
  }
}
/** A file that cannot be read or written, or is not what it should be. */
export class FileError extends WgadError {
  constructor(message: string, details?: ErrorDetails) {
    super('E_FILE', message, details);
  }
}
/** An image or mask that cannot be decoded. */
export class ImageError extends WgadError {
  constructor(message: string, details?: ErrorDetails) {
    super('E_IMAGE', message, details);
  }
}
/** A folder that is not a known data set, or lacks required files. */
export class DatasetError extends WgadError {
  constructor(message: string, details?: ErrorDetails) {
    super('E_DATASET', message, details);
  }
}
/** A loss, weight or score became NaN or infinite; names the step and the tensor. */
export class NotFiniteError extends WgadError {
  constructor(message: string, details?: ErrorDetails) {
    super('E_NOT_FINITE', message, details);
  }
}
/** A kernel or another engine computed something other than expected: which result, the first element that differs, both numbers. */
export class WrongResultError extends WgadError {
  constructor(message: string, details?: ErrorDetails) {
    super('E_WRONG_RESULT', message, details);
  }
}
/** An option or options that contradict each other; something used after it was disposed of. */
export class ConfigError extends WgadError {
  constructor(message: string, details?: ErrorDetails) {
    super('E_CONFIG', message, details);
  }
}

/** How a message names an argument that is not what was expected, whatever it is. */
export function gotText(got: unknown): string {
  if (typeof got === 'string') return JSON.stringify(got);
  if (typeof got === 'function') return 'a function';
  if (Array.isArray(got)) {
    const shown = got.slice(0, MOST_SHOWN).map(gotText);
    return `[${[...shown, ...(got.length > MOST_SHOWN ? ['…'] : [])].join(', ')}]`;
  }
  if (typeof got !== 'object' || got === null) return String(got);
  return 'shape' in got && Array.isArray(got.shape) ? `a value ${gotText(got.shape)}` : 'an object';
}

const MOST_SHOWN = 8;
