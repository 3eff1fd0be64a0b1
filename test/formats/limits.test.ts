import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DtypeError, WeightsError, type WgadError } from '../../src/errors.ts';
import { parseSafetensors } from '../../src/formats/readSafetensors.ts';
import { SAFETENSORS_DTYPES } from '../../src/formats/safetensorsHeader.ts';
import { openWeights, readWeights } from '../../src/formats/weightsFile.ts';
import { dictOf, pickled, storage, string, tensor, torchZip } from './forge.ts';
import { asLegacy, HOSTILE, safetensorsOf } from './hostile.ts';
import { brokenPromise, openMeasured } from './measured.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wgad-limits-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
const written = async (bytes: Uint8Array, name = 'file'): Promise<string> => {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
};

describe('hostile files of 2 MiB', () => {
  it('hostile files of 2 MiB are read or refused by a second of work and within their size, with a short message', async () => {
    const sizes: number[] = [];
    const paths: string[] = [];
    for (const [name, make] of HOSTILE) {
      const bytes = make(2);
      sizes.push(bytes.length);
      paths.push(await written(bytes, name.replaceAll(' ', '-')));
    }
    const ended = await openMeasured(paths);
    expect(ended).toHaveLength(paths.length);
    for (const [i, end] of ended.entries()) expect(brokenPromise(end, sizes[i]!), paths[i]).toBeNull();
    expect(ended.filter(({ said }) => said === 'read').length).toBeLessThan(10);
  });
});

describe('lists and names of any length', () => {
  it('a list of 200,000 numbers beside the tensors is no weight and no obstacle', async () => {
    const batch = [0x28, ...Array<number[]>(1000).fill([0x4b, 7]).flat(), 0x65];
    const list = [0x5d, ...Array<number[]>(50).fill(batch).flat()];
    const saved = dictOf([
      ['w', tensor(storage(1), 0, [1], [1])],
      ...['a', 'b', 'c', 'd'].map((name): [string, number[]] => [name, list]),
    ]);
    const legacy = Buffer.concat([
      asLegacy(pickled(saved)).subarray(0, -4),
      pickled([0x5d, ...string('0'), 0x61]),
      Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x40),
    ]);
    for (const bytes of [legacy, torchZip(pickled(saved), Uint8Array.of(0, 0, 0, 0x40))]) {
      const file = await openWeights(await written(bytes));
      expect([...(await file.read('w'))]).toEqual([2]);
      await file.close();
    }
  });

  it('a long key is refused as the name it would make', async () => {
    const inner = dictOf([
      ['w', tensor(storage(1), 0, [1], [1])],
      ['v', tensor(storage(1), 0, [1], [1])],
    ]);
    const saved = dictOf([
      ['k'.repeat(2 ** 16), inner],
      ['other', inner],
    ]);
    await expect(openWeights(await written(torchZip(pickled(saved), new Uint8Array(4))))).rejects.toThrow(
      "a tensor's name has 65536 characters, 1000 at most",
    );
  });

  it('a key twice is refused in pickles and in headers', async () => {
    const w = tensor(storage(1), 0, [1], [1]);
    await expect(
      openWeights(
        await written(
          torchZip(
            pickled(
              dictOf([
                ['w', w],
                ['w', w],
              ]),
            ),
            new Uint8Array(4),
          ),
        ),
      ),
    ).rejects.toThrow('sets the key w twice');
    const entry = '{"dtype":"U8","shape":[0],"data_offsets":[0,0]}';
    for (const [header, message] of [
      [`{"a":${entry},"a":${entry}}`, 'two tensors are called a'],
      [`{"a":${entry},"\\u0061":${entry}}`, 'two tensors are called a'],
      [`{"__metadata__":{"k":"1","k":"2"}}`, 'two metadata are called k'],
      [`{"__metadata__":{},"__metadata__":{}}`, '__metadata__ stands there twice'],
      ['{"a":{"dtype":"U8","dtype":"U8","shape":[0],"data_offsets":[0,0]}}', 'two dtypes'],
      ['{"a":{"dtype":"U8","shape":[0],"shape":[0],"data_offsets":[0,0]}}', 'two shapes'],
    ] as const) {
      await expect(openWeights(await written(safetensorsOf(header)))).rejects.toThrow(message);
    }
  });
});

describe('the header reader', () => {
  const entry = (shape: string, offsets = '[0,0]'): string =>
    `{"a":{"dtype":"U8","shape":${shape},"data_offsets":${offsets}}}`;
  it.each([
    ['a fraction', entry('[0.0]')],
    ['an exponent', entry('[0e0]')],
    ['a negative size', entry('[-0]')],
    ['a size past 2^53', entry('[9007199254740993]')],
    ['an overflow that a 0 hides', entry('[1000000000000000,1000000000000000,0]')],
    ['a text', entry('["0"]')],
    ['a trailing comma', entry('[0,]')],
    ['one offset', entry('[0]', '[0]')],
    ['three offsets', entry('[0]', '[0,0,0]')],
    ['no colon', '{"a" {}}'],
    ['text after its end', '{} {}'],
    ['half a character', '{"__metadata__":{"a":"\\ud800"}}'],
    ['a control character', '{"__metadata__":{"a":"\n"}}'],
    ['a literal that is none', '{"a":{"x":nul}}'],
    ['a field of very many values', `{"a":{"x":[${'0,'.repeat(100_000)}0]}}`],
    ['the same in pairs', `{"a":{"x":[${'[0],'.repeat(60_000)}0]}}`],
  ])('the header reader refuses %s', async (_, header) => {
    const path = await written(safetensorsOf(header));
    await expect(openWeights(path)).rejects.toBeInstanceOf(WeightsError);
  });

  it('the header reader takes what the format allows: spaces, escapes, other members, pieces of any length', async () => {
    const long = 'm'.repeat(200_000);
    const header = `{ "__metadata__" :\t{"a":"${long}","b":"\\u00e9\\n"} ,\n"x\\"y": {"extra":[1,{"z":[null,true,-1.5e3]}],"shape":[ ],"dtype":"F32","data_offsets":[0,4]} }${' '.repeat(150_000)}`;
    const file = await openWeights(await written(safetensorsOf(header, new Uint8Array(4))));
    expect(file.metadata.get('a')).toBe(long);
    expect(file.metadata.get('b')).toBe('é\n');
    expect([...file.tensors]).toEqual([['x"y', { dtype: 'F32', shape: [], bytes: 4 }]]);
    await file.close();
  });
});

describe('element types', () => {
  const BYTES: Record<string, number> = { F4: 0.5, F6_E2M3: 0.75, F6_E3M2: 0.75 };
  it.each(SAFETENSORS_DTYPES.map((dtype) => [dtype]))(
    'the element type %s ends alike in a file and in bytes',
    async (dtype) => {
      const width =
        BYTES[dtype] ?? (/^F8/.test(dtype) || dtype === 'BOOL' ? 1 : Number(/\d+$/.exec(dtype)![0]) / 8);
      const header = `{"a":{"dtype":"${dtype}","shape":[8],"data_offsets":[0,${8 * width}]}}`;
      const bytes = new Uint8Array(safetensorsOf(header, new Uint8Array(8 * width).fill(0x3c)));
      const path = await written(bytes);
      const ended = async (read: () => Promise<ReadonlyMap<string, unknown>>): Promise<unknown> =>
        read().then(
          (tensors) => [...tensors],
          (error: WgadError) => error.message,
        );
      const fromFile = await ended(async () => (await readWeights(path)).tensors);
      expect(await ended(() => parseSafetensors(bytes, path))).toEqual(fromFile);
      const isRead = ['F32', 'F16', 'BF16', 'F64'].includes(dtype);
      const isLeftOut = /^([IU]\d+|BOOL)$/.test(dtype);
      if (isRead) expect(fromFile).toMatchObject([['a', { shape: [8] }]]);
      else if (isLeftOut) expect(fromFile).toEqual([]);
      else expect(fromFile).toBe(`${path}: a is ${dtype}; expected F32, F16, BF16 or F64`);
    },
  );
});

it('messages show nothing that a terminal obeys', () => {
  const hostile = '\x1b[2J\x07\u202e\u0085\r\x00';
  for (const error of [new WeightsError(hostile), new DtypeError(`${'x'.repeat(1e6)}${hostile}`)]) {
    expect(error.message).not.toMatch(/\p{Cc}|\p{Bidi_Control}/u);
    expect(error.message.length).toBeLessThan(2000);
  }
});
