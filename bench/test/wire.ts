/** A decoded field: integers as numbers, 32-bit floats as { float }, everything with a length as bytes. */
export type Decoded = number | { float: number } | Uint8Array;

/** The fields of one protobuf message by number, written from the format's specification alone. */
export function decodeMessage(bytes: Uint8Array): Map<number, Decoded[]> {
  const fields = new Map<number, Decoded[]>();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const varint = (): number => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = view.getUint8(at++);
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return Number(value);
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const read = { 0: varint, 2: slice, 5: float }[key & 7];
    if (!read) throw new Error(`wire type ${key & 7} at byte ${at}`);
    const values = fields.get(key >>> 3) ?? [];
    values.push(read());
    fields.set(key >>> 3, values);
  }
  if (at !== bytes.length) throw new Error(`message of ${bytes.length} bytes ends at ${at}`);
  return fields;

  function slice(): Uint8Array {
    const length = varint();
    if (at + length > bytes.length) throw new Error(`field of ${length} bytes at ${at} runs over the end`);
    return bytes.subarray(at, (at += length));
  }
  function float(): { float: number } {
    const value = view.getFloat32(at, true);
    at += 4;
    return { float: value };
  }
}

export const messages = (message: Map<number, Decoded[]>, field: number): Map<number, Decoded[]>[] =>
  (message.get(field) ?? []).map((value) => decodeMessage(value as Uint8Array));

export const texts = (message: Map<number, Decoded[]>, field: number): string[] =>
  (message.get(field) ?? []).map((value) => new TextDecoder().decode(value as Uint8Array));
