import sharp from 'sharp';

/** TIFF's SampleFormat. */
const FORMATS = { unsigned: 1, signed: 2, float: 3 } as const;

/** An uncompressed TIFF file of one page, 4 samples wide, with tags of type double beside those it needs. */
export function tiff(
  samples: readonly number[],
  format: keyof typeof FORMATS,
  bits: 8 | 16 | 32 | 64,
  options: { channels?: 1 | 3; photometric?: number; doubles?: Readonly<Record<number, number>> } = {},
): Buffer {
  const { channels = 1, photometric = channels === 1 ? 1 : 2, doubles = {} } = options;
  const width = 4;
  const height = samples.length / width / channels;
  const data = Buffer.alloc((samples.length * bits) / 8);
  for (const [i, value] of samples.entries()) {
    const at = (i * bits) / 8;
    if (format === 'float' && bits === 64) data.writeDoubleLE(value, at);
    else if (format === 'float') data.writeFloatLE(value, at);
    else if (format === 'signed') data.writeIntLE(value, at, bits / 8);
    else data.writeUIntLE(value, at, bits / 8);
  }
  const short = (tag: number, value: number) => ({ tag, type: 3, value });
  const tags = [
    short(256, width),
    short(257, height),
    short(258, bits),
    short(259, 1),
    short(262, photometric),
    short(273, 8),
    short(277, channels),
    short(278, height),
    short(279, data.length),
    short(339, FORMATS[format]),
    ...Object.entries(doubles).map(([tag, value]) => ({ tag: Number(tag), type: 12, value })),
  ].sort((a, b) => a.tag - b.tag);
  const directory = Buffer.alloc(2 + 12 * tags.length + 4);
  directory.writeUInt16LE(tags.length, 0);
  const far: Buffer[] = [];
  const farStart = 8 + data.length + directory.length;
  for (const [i, { tag, type, value }] of tags.entries()) {
    const at = 2 + 12 * i;
    directory.writeUInt16LE(tag, at);
    directory.writeUInt16LE(type, at + 2);
    directory.writeUInt32LE(1, at + 4);
    if (type === 3) directory.writeUInt16LE(value, at + 8);
    else {
      directory.writeUInt32LE(farStart + 8 * far.length, at + 8);
      const double = Buffer.alloc(8);
      double.writeDoubleLE(value);
      far.push(double);
    }
  }
  const head = Buffer.alloc(8);
  head.write('II*\0', 'latin1');
  head.writeUInt32LE(8 + data.length, 4);
  return Buffer.concat([head, data, directory, ...far]);
}

/** A 16-bit grey PNG, 4 samples wide, with chunk sBIT where `bits` says how many count. */
export async function png16(samples: readonly number[], bits?: number): Promise<Buffer> {
  const png = await sharp(Uint16Array.from(samples), {
    raw: { width: 4, height: samples.length / 4, channels: 1 },
  })
    .toColourspace('grey16')
    .png()
    .toBuffer();
  if (bits === undefined) return png;
  // Behind the header, which has 13 bytes.
  const chunk = Buffer.concat([Buffer.from([0, 0, 0, 1]), Buffer.from('sBIT'), Buffer.from([bits])]);
  const end = 8 + 12 + 13;
  return Buffer.concat([png.subarray(0, end), chunk, checksum(chunk.subarray(4)), png.subarray(end)]);
}

function checksum(bytes: Buffer): Buffer {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  const out = Buffer.alloc(4);
  out.writeUInt32BE((crc ^ 0xffffffff) >>> 0);
  return out;
}
