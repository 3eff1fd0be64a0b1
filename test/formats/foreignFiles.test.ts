import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WeightsError } from '../../src/errors.ts';
import { openWeights } from '../../src/formats/weightsFile.ts';
import { loadWeights } from '../../src/weights/encoder.ts';
import {
  dictOf,
  number,
  pickled,
  savedStateDict,
  storage,
  storedZip,
  string,
  tar,
  tensor,
  tuple,
} from './forge.ts';
import { asLegacy, safetensorsOf } from './hostile.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wgad-foreign-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
const written = async (bytes: Uint8Array | string): Promise<string> => {
  const path = join(folder, 'file.pth');
  await writeFile(path, bytes);
  return path;
};
const latin = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const padded = (text: string): Uint8Array => Buffer.concat([latin(text), Buffer.alloc(600, 0xa7)]);

describe('a file that is no weight file is called what it is, with what to do', () => {
  it.each<[string, Uint8Array | string, string]>([
    ['empty', '', 'is empty'],
    ['zeros', new Uint8Array(5000), 'nothing but zeros'],
    [
      'a Git LFS pointer',
      'version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 46830571\n',
      'a Git LFS pointer, not the file itself (46830571 bytes)',
    ],
    ['HTML', '\ufeff  <!DOCTYPE html>\n<html lang="en">', 'an HTML page'],
    ['zeros of a tar without entries', new Uint8Array(10_240), 'zeros: an empty tar archive, or a download'],
    ['XHTML', '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE html PUBLIC "">', 'an HTML page'],
    ['Latin-1', latin('Zugriff verweigert für Gäste'), 'a text: "Zugriff verweigert für Gäste"'],
    ['a page in Latin-1', latin('<html><title>Zugriff für Gäste</title>'), 'an HTML page'],
    ['a text in colour', '\x1b[31mAccess denied\x1b[0m', 'a text: "\\u001b[31mAccess denied'],
    ['HTML after a comment', '<!-- saved -->\n<HTML>', 'an HTML page'],
    ['XML', '<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', 'an XML text'],
    ['JSON', '{"hello": 1}', 'a JSON text'],
    ['an error', '{"error": "Invalid credentials"}', 'an error message of a server'],
    ['a configuration', '{"architectures": ["ResNet"]}', "a model's configuration"],
    [
      'shards',
      '{"metadata": {}, "weight_map": {"a": "model-1.safetensors"}}',
      'an index of weights in several files',
    ],
    ['text', 'Entry not found\nmore', 'a text: "Entry not found"'],
    ['UTF-16', Buffer.from('\ufeffhello', 'utf16le'), 'a text: "hello"'],
    ['gzip', gzipSync('x'), 'a gzip archive'],
    ['bzip2', padded('BZh91AY'), 'a bzip2 archive'],
    ['xz', padded('\xfd7zXZ\0'), 'an xz archive'],
    ['zstd', padded('\x28\xb5\x2f\xfd'), 'a zstd archive'],
    ['7z', padded('7z\xbc\xaf\x27\x1c'), 'a 7z archive'],
    ['RAR', padded('Rar!\x1a\x07\x01'), 'a RAR archive'],
    ['HDF5', padded('\x89HDF\r\n\x1a\n'), 'an HDF5 file'],
    ['.npy', padded('\x93NUMPY\x01\0'), 'a NumPy array'],
    ['.npz', storedZip([['weight.npy', latin('x')]]), 'NumPy arrays (.npz)'],
    [
      '.keras',
      storedZip([
        ['config.json', latin('{}')],
        ['model.weights.h5', latin('x')],
      ]),
      'a Keras model',
    ],
    [
      'a zip with weights',
      storedZip([['net/model.pth', latin('x')]]),
      'a zip archive with net/model.pth inside',
    ],
    ['a zip of anything', storedZip([['readme.txt', latin('x')]]), 'a zip archive that holds readme.txt'],
    [
      'TorchScript',
      storedZip([
        ['a/data.pkl', latin('x')],
        ['a/constants.pkl', latin('x')],
      ]),
      'a TorchScript archive',
    ],
    ['a tar of anything', tar([['model.pth', latin('x')]]), 'is a tar archive'],
    [
      'a tar of PyTorch 0.1',
      tar([
        ['sys_info', latin('x')],
        ['pickle', latin('x')],
      ]),
      'is a tar archive of torch.save, as PyTorch 0.1 wrote it',
    ],
    [
      'a tar of PyTorch 0.1 with extended attributes',
      tar([
        ['././@PaxHeader', latin('28 mtime=1489000000.1234567\n')],
        ['storages', latin('x')],
      ]),
      'is a tar archive of torch.save, as PyTorch 0.1 wrote it',
    ],
    ['GGUF', padded('GGUF\x03\0'), 'a GGUF file'],
    ['ONNX', padded('\x08\x08\x12\x07pytorch'), 'an ONNX model'],
    ['ONNX by its graph', padded('\x08\x07\x3a\xd2\x02'), 'an ONNX model'],
    ['SavedModel', padded('\x08\x01\x12\xff\x01'), 'a SavedModel of TensorFlow'],
    ['TFLite', padded('\x1c\0\0\0TFL3'), 'a TensorFlow Lite model'],
    ['PNG', padded('\x89PNG\r\n\x1a\n'), 'a PNG image'],
    ['JPEG', padded('\xff\xd8\xff\xe0'), 'a JPEG image'],
    ['WebP', padded('RIFF\0\0\0\0WEBP'), 'a WebP image'],
    ['PDF', padded('%PDF-1.7'), 'a PDF document'],
    ['a pickle', pickled(number(1)), 'a plain pickle, not a file of torch.save'],
    [
      'a pickle of NumPy',
      Buffer.concat([latin('\x80\x04\x95\0\0\0\0\0\0\0\0\x8c\x15numpy.core.multiarray'), latin('.')]),
      'objects of numpy',
    ],
    ['a pickle in text', "(dp0\nS'a'\n", 'a plain pickle in text form'],
    [
      'a cut safetensors',
      safetensorsOf('{"a":{"dtype":"F32"').subarray(0, 20),
      'cut short: its header alone claims 19 bytes, there are 20',
    ],
    ['noise', latin('\xa7\xd1\x99\x02\x81'), 'is no weight file'],
  ])('a file that is no weight file is called what it is, with what to do: %s', async (_, bytes, message) => {
    const error = await openWeights(await written(bytes)).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(WeightsError);
    expect((error as WeightsError).message).toContain(message);
    if (!(error as WeightsError).message.includes('TorchScript'))
      expect((error as WeightsError).fix).toBeTruthy();
  });
});

const one = (): number[] => tensor(storage(1), 0, [1], [1]);
const sd = dictOf([
  ['a', one()],
  ['b', one()],
]);

describe('a state dict is found, and where it was is said', () => {
  const optimiser = dictOf([['state', dictOf([['exp_avg', one()]])]]);
  it.each<[string, number[], string[], string]>([
    ['plain', sd, ['a', 'b'], ''],
    ['state_dict', dictOf([['state_dict', sd]]), ['a', 'b'], 'its tensors lie in state_dict'],
    [
      'epoch, model, optimiser',
      dictOf([
        ['epoch', number(3)],
        ['model', sd],
        ['optimizer', optimiser],
      ]),
      ['a', 'b'],
      'its tensors lie in model; optimizer beside model not read',
    ],
    [
      'params_ema',
      dictOf([
        ['params', sd],
        ['params_ema', sd],
      ]),
      ['a', 'b'],
      'params_ema; params beside',
    ],
    [
      'any name alone',
      dictOf([
        ['whatever', sd],
        ['epoch', number(1)],
      ]),
      ['a', 'b'],
      'lie in whatever',
    ],
    ['two levels', dictOf([['state_dict', dictOf([['model', sd]])]]), ['a', 'b'], 'state_dict > model'],
    [
      'beside a tensor',
      dictOf([
        ['best', one()],
        ['state_dict', sd],
      ]),
      ['a', 'b'],
      'lie in state_dict',
    ],
    ['in a tuple', tuple(sd, number(3)), ['a', 'b'], 'its tensors lie in 0'],
    [
      'several parts',
      dictOf([
        ['bn', sd],
        ['decoder', sd],
      ]),
      ['bn.a', 'bn.b', 'decoder.a', 'decoder.b'],
      '',
    ],
    [
      'several parts and an optimiser',
      dictOf([
        ['bn', sd],
        ['decoder', sd],
        ['optimizer', optimiser],
      ]),
      ['bn.a', 'bn.b', 'decoder.a', 'decoder.b'],
      "optimizer not read: a trainer's own",
    ],
    [
      'module.',
      dictOf([
        ['module.a', one()],
        ['module.b', one()],
      ]),
      ['a', 'b'],
      'begin with module.',
    ],
    ['compiled', dictOf([['module._orig_mod.a', one()]]), ['a'], 'begin with _orig_mod.'],
  ])('a state dict is found, and where it was is said: %s', async (_, saved, names, note) => {
    for (const bytes of [
      asLegacyOf(saved),
      storedZip([
        ['x/data.pkl', pickled(saved)],
        ['x/data/0', new Uint8Array(4)],
      ]),
    ]) {
      const file = await openWeights(await written(bytes));
      await file.close();
      expect([...file.tensors.keys()]).toEqual(names);
      expect(file.notes.join('; ')).toContain(note);
      if (note === '') expect(file.notes).toEqual([]);
    }
  });
});

/** With the one storage that `one` refers to. */
function asLegacyOf(saved: number[]): Uint8Array {
  const whole = asLegacy(pickled(saved));
  const keys = pickled([0x5d, ...string('0'), 0x61]);
  // The empty list of keys is the last pickle: 4 bytes.
  return Buffer.concat([
    whole.subarray(0, -4),
    keys,
    Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0),
    new Uint8Array(4),
  ]);
}

describe('an encoder is found under whatever stands before its names', () => {
  const layer = { shape: [1], data: Float32Array.of(2) };
  it.each([
    '',
    'model.',
    'module.',
    'encoder.',
    'backbone.',
    'net.',
    'student.',
    'a.b-c.0.',
    '__proto__.',
    'layer1.',
  ])('an encoder is found under the prefix "%s" of its names', async (prefix) => {
    const names = ['conv1.weight', 'bn1.weight', 'layer1.0.conv1.weight', 'layer4.0.x', 'fc.weight'];
    const saved = savedStateDict(new Map(names.map((name) => [`${prefix}${name}`, layer])));
    const found = await loadWeights(await written(saved), 'encoder');
    expect([...found.keys()]).toEqual([
      'encoder.conv1.weight',
      'encoder.bn1.weight',
      'encoder.layer1.0.conv1.weight',
    ]);
    // Beside something else, too.
    if (prefix === '') return;
    const beside = new Map([
      [`head.weight`, layer],
      ...names.map((name) => [`${prefix}${name}`, layer] as const),
    ]);
    const again = await loadWeights(await written(savedStateDict(beside)), 'encoder');
    expect([...again.keys()]).toEqual([...found.keys()]);
  });
  it.each([
    ['', 'module.'],
    ['encoder.', 'encoder.copy.'],
    ['a.encoder.', 'a.encoder.copy.'],
    ['teacher.', 'student.'],
  ])('of encoders under "%s" and "%s", the first is read and the second left out', async (first, second) => {
    const names = ['conv1.weight', 'bn1.weight', 'layer1.0.conv1.weight'];
    for (const order of [
      [first, second],
      [second, first],
    ]) {
      const all = order.flatMap((prefix) =>
        names.map(
          (name) => [`${prefix}${name}`, { shape: [1], data: Float32Array.of(prefix.length) }] as const,
        ),
      );
      const found = await loadWeights(await written(savedStateDict(new Map(all))), 'encoder');
      expect([...found.keys()]).toEqual(names.map((name) => `encoder.${name}`));
      // Each tensor holds the length of its prefix.
      expect([...found.values()].map(({ data }) => data[0])).toEqual(names.map(() => first.length));
    }
  });
});
