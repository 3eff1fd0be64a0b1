/** Weight files that ask for more than they give, of about `mib` mebibytes each. */
import { dictOf, int, joined, pickled, SETITEM, storage, storedZip, string, tensor, tuple } from './forge.ts';

const MIB = 2 ** 20;
const LEGACY_LEAD = [
  [0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19],
  [0x4d, 0xe9, 0x03],
  [0x7d],
].map(pickled);

/** A safetensors file of that header and data. */
export function safetensorsOf(header: string | Uint8Array, data: Uint8Array = new Uint8Array(0)): Uint8Array {
  const bytes = typeof header === 'string' ? Buffer.from(header) : header;
  const lead = new Uint8Array(8);
  new DataView(lead.buffer).setBigUint64(0, BigInt(bytes.length), true);
  return joined(lead, bytes, data);
}

const filled = (before: string, unit: string, mib: number, after: string): string =>
  before + unit.repeat(Math.floor((mib * MIB) / unit.length)) + after;

/** A pickle of `unit` over and over between two codes. */
const repeated = (before: number[], unit: number[], mib: number, after: number[] = []): Uint8Array =>
  joined(
    Uint8Array.from([0x80, 2, ...before]),
    Buffer.alloc(Math.floor((mib * MIB) / unit.length) * unit.length, Uint8Array.from(unit)),
    Uint8Array.from([...after, 0x2e]),
  );

const entry = (name: string, begin: number, end: number): string =>
  `"${name}":{"dtype":"U8","shape":[${end - begin}],"data_offsets":[${begin},${end}]}`;

const HEADERS: Record<string, (mib: number) => string> = {
  'very many tensors': (mib) =>
    `{${Array.from({ length: Math.floor((mib * MIB) / 60) }, (_, i) => entry(`layer.${i}`, 0, 0)).join(',')}}`,
  'a long name': (mib) => filled('{"', 'n', mib, '":{}}'),
  'a long dtype': (mib) => filled('{"a":{"dtype":"', 'F', mib, '"}}'),
  'a long shape': (mib) => filled('{"a":{"shape":[', '1,', mib, '1]}}'),
  'long metadata': (mib) => filled('{"__metadata__":{"k":"', 'm', mib, '"}}'),
  'very many metadata': (mib) =>
    `{"__metadata__":{${Array.from({ length: Math.floor((mib * MIB) / 16) }, (_, i) => `"${i}":"text"`).join(',')}}`,
  'deep lists': (mib) => filled('{"a":{"x":', '[', mib, ''),
  'deep objects': (mib) => filled('{"a":{"x":', '{"x":', mib, ''),
  'a long number': (mib) => filled('{"a":{"x":', '9', mib, ''),
  'spaces without an end': (mib) => filled('{', ' ', mib, ''),
  'one name over and over': (mib) => filled('{', `${entry('a', 0, 0)},`, mib, `${entry('a', 0, 0)}}`),
};

const PICKLES: Record<string, (mib: number) => Uint8Array> = {
  'a list of numbers': (mib) => repeated([0x5d], [0x4b, 7, 0x61], mib),
  'a list of lists': (mib) => repeated([0x5d], [0x5d, 0x61], mib),
  'a list of dicts': (mib) => repeated([0x5d], [0x7d, 0x61], mib),
  'a list of filled dicts': (mib) => repeated([0x5d], [0x7d, 0x4b, 1, 0x4b, 2, SETITEM, 0x61], mib),
  'tuples in tuples': (mib) => repeated([0x4e], [0x85], mib),
  'protocols over and over': (mib) => repeated([], [0x80, 2], mib),
  'frames over and over': (mib) => repeated([], [0x95, 0, 0, 0, 0, 0, 0, 0, 0], mib),
  'memos at great places': (mib) => repeated([0x4e], [0x72, 0xff, 0xff, 0xff, 0xfe], mib),
  'one memo over and over': (mib) => repeated([0x4e], [0x71, 0], mib),
  'long strings': (mib) => repeated([0x5d], [...string('s'.repeat(MIB - 10)), 0x61], mib),
  'a name without an end': (mib) => repeated([0x63], [0x61], mib),
};

/** What small pickles can ask for, whatever their size. */
const SMALL: Record<string, () => Uint8Array> = {
  'a long key before 300 tensors': () =>
    pickled(
      dictOf([
        [
          'k'.repeat(MIB - 1),
          dictOf(Array.from({ length: 300 }, (_, i) => [`w${i}`, tensor(storage(1), 0, [1], [1])])),
        ],
      ]),
    ),
  'the same dict twice at every level': () => {
    const levels: [string, number[]][] = [
      ['0', [...dictOf([['w', tensor(storage(1), 0, [1], [1])]]), 0x71, 0]],
    ];
    for (let level = 1; level < 60; level++) {
      const twice = ['a', 'b'].flatMap((name) => [...string(name), 0x68, level - 1, SETITEM]);
      levels.push([`${level}`, [0x7d, 0x71, level, ...twice]]);
    }
    return pickled(dictOf(levels));
  },
  'a dict of numbers that many refer to': () => {
    const code = [0x7d, 0x71, 0];
    for (let i = 0; i < 50_000; i++) code.push(0x4a, ...int(i), 0x4e, SETITEM);
    const outer = [0x7d, ...string('first'), ...code, SETITEM];
    for (let i = 0; i < 20_000; i++) outer.push(...string(`${i}`), 0x68, 0, SETITEM);
    return pickled(outer);
  },
  'tuples of the tuple before': () => {
    const code = [...tuple([0x4e]), 0x71, 0];
    for (let i = 1; i < 250; i++)
      code.push(
        0x28,
        ...Array(50)
          .fill([0x68, i - 1])
          .flat(),
        0x74,
        0x71,
        i,
      );
    return pickled(code);
  },
};

export const asLegacy = (pickle: Uint8Array): Uint8Array => joined(...LEGACY_LEAD, pickle, pickled([0x5d]));
export const asZip = (pickle: Uint8Array): Uint8Array => storedZip([['a/data.pkl', pickle]]);

const ZIPS: Record<string, (mib: number) => Uint8Array> = {
  'very many entries': (mib) =>
    storedZip(
      Array.from({ length: Math.min(65_000, Math.floor((mib * MIB) / 100)) }, (_, i) => [
        `a/data/${i}`,
        new Uint8Array(0),
      ]),
    ),
  'long names': (mib) =>
    storedZip(
      Array.from({ length: Math.floor((mib * MIB) / 120_000) }, (_, i) => [
        `a/${'n'.repeat(59_900)}${i}`,
        new Uint8Array(0),
      ]),
    ),
  zeros: (mib) => asZip(new Uint8Array(mib * MIB)),
};

/** Every kind by name; `mib`: how large. */
export const HOSTILE: ReadonlyMap<string, (mib: number) => Uint8Array> = new Map([
  ...Object.entries(HEADERS).map(([name, make]): [string, (mib: number) => Uint8Array] => [
    `safetensors: ${name}`,
    (mib) => safetensorsOf(make(mib)),
  ]),
  ...Object.entries({ ...PICKLES, ...SMALL }).flatMap(
    ([name, make]): [string, (mib: number) => Uint8Array][] => [
      [`legacy stream: ${name}`, (mib) => asLegacy(make(mib))],
      [`zip: ${name}`, (mib) => asZip(make(mib))],
    ],
  ),
  ...Object.entries(ZIPS).map(([name, make]): [string, (mib: number) => Uint8Array] => [
    `zip: ${name}`,
    make,
  ]),
  ['text', (mib) => Buffer.from(filled('', 'text ', mib, ''))],
  ['zeros', (mib) => new Uint8Array(mib * MIB)],
]);
