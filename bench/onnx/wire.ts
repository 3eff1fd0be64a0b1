/** What a field holds: a message (a list of fields), text, bytes, an integer, or a 32-bit float. */
export type WireValue = readonly WireField[] | string | Uint8Array | number | { readonly float: number };
/** Field number and value; a repeated field occurs several times. */
export type WireField = readonly [field: number, value: WireValue];

const VARINT = 0;
const LENGTH = 2;
const FIXED32 = 5;

/**
 * Protocol Buffers' wire format (protobuf.dev, "Encoding"), as far as ONNX needs it. Integers are non-negative and
 * below 2^53. Sizes are computed first: a model is written once, into one array.
 */
export function encodeMessage(fields: readonly WireField[]): Uint8Array<ArrayBuffer> {
  const sizes = new Map<readonly WireField[], number>();
  const out = new Uint8Array(messageSize(fields, sizes));
  const view = new DataView(out.buffer);
  const text = new TextEncoder();
  let at = 0;
  const varint = (value: number): void => {
    for (; value >= 128; value = Math.floor(value / 128)) out[at++] = (value % 128) + 128;
    out[at++] = value;
  };
  const bytes = (data: Uint8Array): void => {
    varint(data.length);
    out.set(data, at);
    at += data.length;
  };
  const write = (message: readonly WireField[]): void => {
    for (const [field, value] of message) {
      varint(field * 8 + wireType(value));
      if (typeof value === 'number') varint(value);
      else if (typeof value === 'string') bytes(text.encode(value));
      else if (value instanceof Uint8Array) bytes(value);
      else if (isFloat(value)) {
        view.setFloat32(at, value.float, true);
        at += 4;
      } else {
        varint(sizes.get(value)!);
        write(value);
      }
    }
  };
  write(fields);
  return out;
}

const isFloat = (value: WireValue): value is { readonly float: number } =>
  typeof value === 'object' && 'float' in value;

function wireType(value: WireValue): number {
  if (typeof value === 'number') return VARINT;
  return isFloat(value) ? FIXED32 : LENGTH;
}

function varintSize(value: number): number {
  let size = 1;
  for (; value >= 128; value = Math.floor(value / 128)) size += 1;
  return size;
}

function messageSize(fields: readonly WireField[], sizes: Map<readonly WireField[], number>): number {
  let total = 0;
  for (const [field, value] of fields) {
    total += varintSize(field * 8);
    if (typeof value === 'number') total += varintSize(value);
    else if (isFloat(value)) total += 4;
    else {
      const length =
        typeof value === 'string'
          ? Buffer.byteLength(value)
          : value instanceof Uint8Array
            ? value.length
            : messageSize(value, sizes);
      total += varintSize(length) + length;
    }
  }
  sizes.set(fields, total);
  return total;
}
