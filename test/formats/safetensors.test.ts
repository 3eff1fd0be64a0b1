import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { WgadError } from '../../src/errors.ts';
import { floatToHalf, halfToFloat } from '../../src/float16.ts';
import { atomicFile, writeFileAtomic } from '../../src/formats/atomicFile.ts';
import { parseCsv } from '../../src/formats/csv.ts';
import { csvLine } from '../../src/formats/csvLine.ts';
import { parseSafetensors } from '../../src/formats/readSafetensors.ts';
import { openWeights, readWeights } from '../../src/formats/weightsFile.ts';
import { type WritableTensor, writeSafetensors } from '../../src/formats/writeSafetensors.ts';
import { fc } from '../property.ts';

const folder = (): Promise<string> => mkdtemp(join(tmpdir(), 'wgad-test-'));
const small = new Map([
  ['b', { shape: [2, 3], data: Float32Array.of(1, -2, 3.5, 0, 1e-20, 7) }],
  ['a', { shape: [], data: Float32Array.of(0.1) }],
  ['empty', { shape: [0, 4], data: new Float32Array(0) }],
]);

/** A file from a header object and data, without any check. */
async function forged(header: unknown, data: Uint8Array): Promise<string> {
  const path = join(await folder(), 'forged.safetensors');
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const lead = new Uint8Array(8);
  new DataView(lead.buffer).setBigUint64(0, BigInt(text.length), true);
  await writeFile(path, Buffer.concat([lead, text, data]));
  return path;
}

describe('safetensors', () => {
  it('safetensors read back what they wrote, the same bytes for the same tensors', async () => {
    const dir = await folder();
    await writeSafetensors(join(dir, 'x'), small, { kind: 'test' });
    await writeSafetensors(join(dir, 'y'), new Map([...small].reverse()), { kind: 'test' });
    expect(await readFile(join(dir, 'x'))).toEqual(await readFile(join(dir, 'y')));
    const { tensors, metadata } = await readWeights(join(dir, 'x'));
    expect(metadata.get('kind')).toBe('test');
    for (const [name, { shape, data }] of small) {
      expect(tensors.get(name)!.shape).toEqual(shape);
      expect(tensors.get(name)!.data).toEqual(data);
    }
    expect((await readdir(dir)).sort()).toEqual(['x', 'y']);
  });

  it('a state dict is read from bytes: floats of every width, integers left out', async () => {
    const dir = await folder();
    await writeSafetensors(
      join(dir, 'x'),
      new Map<string, WritableTensor>([...small, ['steps', { shape: [1], data: Int32Array.of(3) }]]),
    );
    await writeSafetensors(join(dir, 'half'), new Map([['b', small.get('b')!]]), {}, 'F16');
    const bytes = new Uint8Array(await readFile(join(dir, 'x')));
    const found = await parseSafetensors(bytes);
    expect([...found.keys()]).toEqual(['a', 'b', 'empty']);
    for (const [name, tensor] of small) expect(found.get(name)).toEqual(tensor);
    const half = await parseSafetensors(new Uint8Array(await readFile(join(dir, 'half'))).buffer);
    expect([...half.get('b')!.data]).toEqual([1, -2, 3.5, 0, 0, 7]);
    await expect(parseSafetensors(bytes.slice(0, -4), 'cut')).rejects.toMatchObject({
      code: 'E_WEIGHTS',
      message: expect.stringContaining('cut'),
    });
  });

  const f32 = (begin: number, end: number) => ({
    dtype: 'F32',
    shape: [(end - begin) / 4],
    data_offsets: [begin, end],
  });
  it.each([
    ['a hole', { a: f32(0, 4), b: f32(8, 12) }, 12, 'begins at 8, expected 4'],
    ['an overlap', { a: f32(0, 8), b: f32(4, 12) }, 12, 'begins at 4, expected 8'],
    ['bytes left over', { a: f32(0, 4) }, 8, 'cover 4 bytes of 8'],
    [
      'a duplicate that hides data',
      '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}',
      8,
      'two tensors are called a',
    ],
    [
      'a shape that overflows',
      { a: { dtype: 'F32', shape: [2 ** 40, 2 ** 40], data_offsets: [0, 4] } },
      4,
      'needs',
    ],
    ['an unknown dtype', { a: { dtype: 'toString', shape: [1], data_offsets: [0, 4] } }, 4, 'unknown dtype'],
    [
      'a negative offset',
      { a: { dtype: 'F32', shape: [1], data_offsets: [-4, 0] } },
      0,
      'has offsets with -4 among them',
    ],
    ['metadata that is no string', { __metadata__: { a: 1 } }, 0, 'is not a string'],
    ['a header that is a list', '[1]', 0, 'is no weight file'],
  ])('safetensors refuse %s', async (_, header, bytes, message) => {
    const path = await forged(header, new Uint8Array(bytes));
    await expect(openWeights(path)).rejects.toThrow(message);
  });

  it.each([0x180, 0x280, 0x580])(
    'a safetensors file whose header of %d bytes begins as a pickle does is read',
    async (length) => {
      const bare = JSON.stringify({ a: { dtype: 'F32', shape: [1], data_offsets: [0, 4] } });
      const path = await forged(bare.padEnd(length), new Uint8Array(Float32Array.of(2).buffer));
      expect([...(await readFile(path)).subarray(0, 2)]).toEqual([0x80, length >> 8]);
      expect((await readWeights(path)).tensors.get('a')!.data).toEqual(Float32Array.of(2));
    },
  );

  it('safetensors refuse a header of 2^63 bytes and a file cut anywhere', async () => {
    const dir = await folder();
    await writeSafetensors(join(dir, 'x'), small);
    const whole = await readFile(join(dir, 'x'));
    for (let length = 0; length < whole.length; length++) {
      await writeFile(join(dir, 'cut'), whole.subarray(0, length));
      await expect(readWeights(join(dir, 'cut')), `cut at ${length}`).rejects.toBeInstanceOf(WgadError);
    }
    await writeFile(join(dir, 'huge'), Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0x80, 0x7b));
    await expect(openWeights(join(dir, 'huge'))).rejects.toThrow('claims');
  });

  it('mutated safetensors are read or refused, always with a typed error', async () => {
    const dir = await folder();
    await writeSafetensors(join(dir, 'x'), small);
    const whole = await readFile(join(dir, 'x'));
    const mutation = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), {
      minLength: 1,
      maxLength: 6,
    });
    await fc.assert(
      fc.asyncProperty(mutation, async (changes) => {
        const bytes = Buffer.from(whole);
        for (const [at, value] of changes) bytes[at] = value;
        await writeFile(join(dir, 'mutated'), bytes);
        await readWeights(join(dir, 'mutated')).catch((error: unknown) =>
          expect(error).toBeInstanceOf(WgadError),
        );
      }),
      { numRuns: 300 },
    );
  });

  it('safetensors write halves and read them back', async () => {
    const path = join(await folder(), 'half');
    await writeSafetensors(path, small, {}, 'F16');
    const { tensors } = await readWeights(path);
    expect([...tensors.get('b')!.data]).toEqual([1, -2, 3.5, 0, 0, 7]);
    expect(tensors.get('a')!.data[0]).toBeCloseTo(0.1, 4);
  });
});

describe('float16', () => {
  it('float16 widens and narrows every pattern back to itself', () => {
    for (let bits = 0; bits < 0x10000; bits++) {
      const value = halfToFloat(bits);
      if (Number.isNaN(value)) expect(floatToHalf(value)).toBe(0x7e00);
      else if (floatToHalf(value) !== bits) expect.fail(`${bits}: ${value} became ${floatToHalf(value)}`);
    }
    expect([0x3c00, 0x0001, 0x7bff].map(halfToFloat)).toEqual([1, 2 ** -24, 65504]);
  });

  it('float16 rounds to the nearest, ties to even, and overflows to infinity', () => {
    const step = 2 ** -10;
    const rounded = [1 + step / 2, 1 + 1.5 * step, 1 + 0.51 * step, 2 - step / 4, 65519, 65520, -1e9];
    expect(rounded.map((value) => halfToFloat(floatToHalf(value)))).toEqual([
      1,
      1 + 2 * step,
      1 + step,
      2,
      65504,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
    ]);
    expect(floatToHalf(2 ** -25)).toBe(0);
    expect(floatToHalf(1.5 * 2 ** -25)).toBe(1);
  });
});

describe('atomic files', () => {
  it('a failed atomic write leaves the old file and nothing else', async () => {
    const dir = await folder();
    await writeFileAtomic(join(dir, 'x'), 'old');
    await expect(
      atomicFile(join(dir, 'x'), async (write) => {
        await write('new');
        throw new Error('stop');
      }),
    ).rejects.toThrow('stop');
    expect(await readFile(join(dir, 'x'), 'utf8')).toBe('old');
    expect(await readdir(dir)).toEqual(['x']);
  });

  it('a failed atomic write says which file could not be written', async () => {
    await expect(writeFileAtomic('/nowhere/at/all', 'x')).rejects.toThrow(
      '/nowhere/at/all: cannot be written: the folder /nowhere/at is not there',
    );
  });
});

describe('csv', () => {
  it('csv quotes, guards formulas, and reads back', () => {
    expect(csvLine(['a,b', 'say "x"', '=1+1', 3, null])).toBe('"a,b","say ""x""",\'=1+1,3,\n');
    expect(parseCsv('a,"b,""c"""\r\n1,\n').rows).toEqual([
      { line: 1, cells: ['a', 'b,"c"'] },
      { line: 2, cells: ['1', ''] },
    ]);
  });
});
