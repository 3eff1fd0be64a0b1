import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WeightsError, WgadError } from '../../src/errors.ts';
import { isFloat } from '../../src/formats/floats.ts';
import { openWeights } from '../../src/formats/weightsFile.ts';
import {
  DICT,
  dict,
  global,
  int,
  MARK,
  number,
  PERSID,
  pickled,
  REDUCE,
  SETITEM,
  storage,
  storedZip,
  string,
  TUPLE,
  tensor,
  text,
  torchZip,
  tuple,
} from './forge.ts';

type Expected = Record<string, { shape: number[]; data: number[] }>;
const golden = (name: string): string => fileURLToPath(new URL(`../goldens/torch/${name}`, import.meta.url));
const values: Record<string, Expected> = JSON.parse(readFileSync(golden('values.json'), 'utf8'));

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wgad-torch-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const written = async (bytes: Uint8Array): Promise<string> => {
  const path = join(folder, 'forged.pth');
  await writeFile(path, bytes);
  return path;
};

describe('files of torch.save', () => {
  it.each([
    ['odd.zip.pth', 'odd', 'torch zip'],
    ['odd.legacy.pth', 'odd', 'torch legacy stream'],
    ['odd.protocol4.pth', 'odd', 'torch zip'],
    ['many.legacy.pth', 'many', 'torch legacy stream'],
    ['module.zip.pth', 'module', 'torch zip'],
    ['module.legacy.pth', 'module', 'torch legacy stream'],
    ['nested.zip.pth', 'nested', 'torch zip'],
    ['nested.legacy.pth', 'nested', 'torch legacy stream'],
    ['wrapped.zip.pth', 'wrapped', 'torch zip'],
    ['wrapped.legacy.pth', 'wrapped', 'torch legacy stream'],
  ])('the torch.save file %s reads as PyTorch reads it', async (name, which, kind) => {
    const file = await openWeights(golden(name));
    expect(file.kind).toBe(kind);
    for (const [tensor, { shape, data }] of Object.entries(values[which]!)) {
      expect(file.tensors.get(tensor)?.shape, tensor).toEqual(shape);
      expect([...(await file.read(tensor))], tensor).toEqual(data.map(Math.fround));
    }
    if (which !== 'many') {
      const floats = [...file.tensors].filter(([, { dtype }]) => isFloat(dtype)).map(([tensor]) => tensor);
      expect(floats.sort()).toEqual(Object.keys(values[which]!).sort());
    } else expect(file.tensors.size).toBe(1100);
    await file.close();
  });

  it('a counter is listed and refused as weights', async () => {
    const file = await openWeights(golden('odd.zip.pth'));
    expect(file.tensors.get('num_batches_tracked')).toEqual({ dtype: 'I64', shape: [], bytes: 8 });
    await expect(file.read('num_batches_tracked')).rejects.toThrow(
      'num_batches_tracked is I64; expected F32',
    );
    await file.close();
  });

  it('objects of unknown classes are skipped only where that is asked for', async () => {
    const path = golden('foreign.zip.pth');
    await expect(openWeights(path)).rejects.toThrow('names easydict.EasyDict, which is not allowed');
    const file = await openWeights(path, { ignoreForeign: true });
    expect([...file.tensors.keys()]).toContain('0.weight');
    await file.close();
  });

  it.each([
    ['script.pt', 'TorchScript'],
    ['plain.pkl', 'a plain pickle'],
  ])('the torch.save file %s is refused for what it is', async (name, message) => {
    await expect(openWeights(golden(name))).rejects.toThrow(message);
  });

  it('an archive of a preview is told by its content', async () => {
    await expect(openWeights(await written(new TextEncoder().encode('PYTORCH1....')))).rejects.toThrow(
      'preview',
    );
  });

  it('a torch.save file cut at any byte is refused', async () => {
    for (const name of ['module.zip.pth', 'module.legacy.pth']) {
      const whole = await readFile(golden(name));
      for (let length = 0; length < whole.length; length += 7) {
        const path = await written(whole.subarray(0, length));
        await expect(openWeights(path), `${name} cut at ${length}`).rejects.toBeInstanceOf(WgadError);
      }
    }
  });
});

const data = new Uint8Array(16);

describe('hostile pickles', () => {
  it('the forge of hostile pickles makes files that are read', async () => {
    const file = await openWeights(
      await written(torchZip(pickled(dict('w', tensor(storage(4), 0, [2, 2], [2, 1]))), data)),
    );
    expect([...(await file.read('w'))]).toEqual([0, 0, 0, 0]);
    await file.close();
  });

  it.each<[string, number[], string]>([
    [
      'a call by name',
      [...global('os', 'system'), ...tuple(string('id')), REDUCE],
      'names os.system, which is not allowed',
    ],
    ['a call by stacked name', [...string('builtins'), ...string('eval'), 0x93], 'names builtins.eval'],
    [
      'a whole model',
      [...global('torch.nn.modules.container', 'Sequential'), ...tuple(), REDUCE],
      'not allowed; it looks like a whole model: save its state dict instead',
    ],
    [
      'a type of 8 bits',
      [...global('torch', 'float8_e4m3fn')],
      'names torch.float8_e4m3fn, which is not allowed; tensors of this type are not read',
    ],
    ['a function of torch', [...global('torch', 'load'), ...tuple(string('x')), REDUCE], 'names torch.load'],
    [
      'a storage class applied',
      [...global('torch', 'FloatStorage'), ...tuple(), REDUCE],
      'torch.FloatStorage is not something to apply',
    ],
    ['a string applied', [...string('x'), ...tuple(), REDUCE], 'REDUCE expects a global'],
    [
      'a persistent id of no storage',
      [...tuple(string('file')), PERSID],
      'expects a storage of a known type',
    ],
    ['a pickled module', [...tuple(string('module')), PERSID], 'a whole module was pickled'],
    [
      'an offset past the storage',
      dict('w', tensor(storage(4), 3, [2], [1])),
      'reads element 4 of a storage of 4',
    ],
    [
      'a stride past the storage',
      dict('w', tensor(storage(4), 0, [2, 2], [9, 1])),
      'reads element 10 of a storage of 4',
    ],
    ['a negative size', dict('w', tensor(storage(4), 0, [-1], [1])), 'whole numbers of at least 0'],
    [
      'an overflowing shape',
      dict('w', tensor(storage(4), 0, Array(8).fill(2 ** 31 - 1), Array(8).fill(2 ** 30))),
      'of a storage of 4',
    ],
    ['a blown-up tensor', dict('w', tensor(storage(4), 0, [2 ** 30], [0])), 'too many for a file of'],
    [
      'a storage longer than its record',
      dict('w', tensor(storage(400), 0, [400], [1])),
      'holds 16 bytes, expected 1600',
    ],
    ['a storage that is not there', dict('w', tensor(storage(4, '7'), 0, [4], [1])), 'holds no storage 7'],
    ['an empty stack', [REDUCE], 'takes a value from an empty stack'],
    ['a group that was not opened', [TUPLE], 'closes a group that was not opened'],
    ['two values left', [...number(1), ...number(2)], 'ends with other than one value'],
    ['a memo that was not made', [0x68, 3], 'recalls value 3, which was not remembered'],
    ['deep groups', Array(200).fill(MARK), 'nests more than 100 groups'],
    ['a tall stack', Array(10_100).fill(0x4e), 'stacks more than 10000 values'],
    [
      'a list of very many objects',
      [0x5d, ...Array(500_100).fill([0x5d, 0x61]).flat()],
      'makes more values than a state dict has',
    ],
    ['an instance', [0x69, ...text('os\nsystem\n')], 'has opcode 0x69, which no state dict uses'],
    ['an extension', [0x82, 1], 'opcode 0x82'],
    ['a text integer', [0x49, ...text('1\n')], 'opcode 0x49'],
    ['a long string', [0x58, ...int(2 ** 30)], 'holds a string of 1073741824 bytes'],
    ['no tensor', dict('w', number(3)), 'its dict holds no tensor'],
    ['no dict', number(3), 'holds no dict of tensors'],
    [
      'a dict in itself',
      [DICT, 0x71, 0, ...string('w'), 0x68, 0, SETITEM],
      'nests dicts too deep, or in a circle',
    ],
    ['an object', [...global('collections', 'OrderedDict'), ...tuple(), 0x81], 'makes an object of a class'],
  ])('the hostile pickle %s is refused by name', async (_, code, message) => {
    const path = await written(torchZip(pickled(code), data));
    const refused = async (): Promise<void> => {
      const file = await openWeights(path);
      try {
        for (const name of file.tensors.keys()) await file.read(name);
      } finally {
        await file.close();
      }
    };
    await expect(refused()).rejects.toThrow(message);
    await expect(refused()).rejects.toBeInstanceOf(WeightsError);
    await expect(refused()).rejects.toThrow(path);
  });
});

describe('hostile archives', () => {
  const pickle = pickled(dict('w', tensor(storage(4), 0, [4], [1])));
  it.each<[string, Uint8Array, string]>([
    [
      'two records of one name',
      storedZip([
        ['a/data.pkl', pickle],
        ['a/data.pkl', pickle],
      ]),
      'two entries are called a/data.pkl',
    ],
    [
      'a record outside the folder',
      storedZip([
        ['a/data.pkl', pickle],
        ['b/data/0', data],
      ]),
      'holds b/data/0 outside the folder',
    ],
    [
      'a path upwards',
      storedZip([
        ['a/data.pkl', pickle],
        ['a/../x', data],
      ]),
      'holds a/../x outside the folder',
    ],
    ['no pickle', storedZip([['a/data/0', data]]), 'without data.pkl'],
    [
      'overlapping records',
      storedZip(
        [
          ['a/data.pkl', pickle],
          ['a/data/0', data],
        ],
        { overlap: true },
      ),
      'runs into what follows it',
    ],
    [
      'another name in the local header',
      storedZip([['a/data.pkl', pickle]], { localName: 'a/data.pkx' }),
      'is called a/data.pkx in its local header',
    ],
    ['a foreign method', storedZip([['a/data.pkl', pickle]], { method: 12 }), 'packed by method 12'],
    [
      'a deflated record',
      storedZip([['a/data.pkl', pickle]], { method: 8 }),
      'is a file of torch.save that something packed again: a/data.pkl is deflated, expected stored records',
    ],
  ])('the hostile archive %s is refused', async (_, bytes, message) => {
    await expect(openWeights(await written(bytes))).rejects.toThrow(message);
  });
});
