import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readWeights } from '../../src/formats/weightsFile.ts';
import { writeSafetensors } from '../../src/formats/writeSafetensors.ts';
import { input } from '../../src/graph/value.ts';
import { revdistSpecs } from '../../src/methods/revdist.ts';
import { uniad } from '../../src/methods/uniad.ts';
import { ownName } from '../../src/models/detectorNames.ts';
import { EFFICIENTNETS, efficientnetFeatures } from '../../src/models/efficientnet.ts';
import { RESNETS } from '../../src/models/resnet.ts';
import { refuseMisfits, shapesOf } from '../../src/nn/fit.ts';
import type { StateDict } from '../../src/nn/init.ts';
import { declare } from '../../src/nn/layers.ts';
import { modelOf } from '../../src/run/config.ts';
import { product, type Shape } from '../../src/shape.ts';
import { contentOf } from '../../src/weights/content.ts';
import { detectorContent, openDetector, openRevdist } from '../../src/weights/detector.ts';
import { loadWeights, openPretrained } from '../../src/weights/encoder.ts';
import { readAll } from '../../src/weights/tensorSource.ts';
import { wgad } from '../cli/wgad.ts';
import { hashedWeights } from '../models/hashed.ts';
import { uniadShapes } from '../models/uniadShapes.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wgad-detector-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const { frozen, trained } = revdistSpecs(RESNETS.resnet18_w16);
const ours = hashedWeights(trained);
const filled = (shape: Shape) => ({ shape, data: new Float32Array(product(shape)).fill(0.5) });
const stored = (names: Iterable<readonly [string, Shape]>) =>
  new Map([...names].map(([name, shape]) => [name, { dtype: 'F32', shape, bytes: 4 * product(shape) }]));
/** As RD4AD calls them, its dead tensors included. */
const rd4ad = (): StateDict => {
  const theirs: StateDict = new Map(
    [...ours].map(([name, tensor]) => [name.replace(/^bottleneck\./, 'bn.'), tensor]),
  );
  theirs.set('bn.conv4.weight', filled([128, 256, 1, 1]));
  theirs.set('bn.bn4.running_mean', filled([128]));
  theirs.set('bn.memory1.keys', filled([3]));
  return theirs;
};
const hashedShapes = (specs: readonly { name: string; shape: Shape }[]) => stored(shapesOf(specs));
const write = async (name: string, tensors: StateDict): Promise<string> => {
  const path = join(folder, name);
  await writeSafetensors(path, tensors);
  return path;
};

describe('names and shapes of weights.md section 4', () => {
  /** From the specification's tables: the wide network, written out. */
  it.each<[string, Shape]>([
    ['bn.conv1.weight', [512, 256, 3, 3]],
    ['bn.conv2.weight', [1024, 512, 3, 3]],
    ['bn.conv3.weight', [1024, 512, 3, 3]],
    ['bn.bn3.running_var', [1024]],
    ['bn.bn_layer.0.conv1.weight', [1024, 3072, 1, 1]],
    ['bn.bn_layer.0.downsample.0.weight', [2048, 3072, 1, 1]],
    ['bn.bn_layer.2.bn3.weight', [2048]],
    ['decoder.layer1.0.conv1.weight', [512, 2048, 1, 1]],
    ['decoder.layer1.0.conv2.weight', [512, 512, 2, 2]],
    ['decoder.layer1.0.conv3.weight', [1024, 512, 1, 1]],
    ['decoder.layer1.0.upsample.0.weight', [2048, 1024, 2, 2]],
    ['decoder.layer2.0.conv1.weight', [256, 1024, 1, 1]],
    ['decoder.layer2.0.upsample.0.weight', [1024, 512, 2, 2]],
    ['decoder.layer3.0.conv2.weight', [128, 128, 2, 2]],
    ['decoder.layer3.0.upsample.1.bias', [256]],
  ])('RD4AD %s is a tensor of our wide_resnet50_2 detector', (name, shape) => {
    const specs = revdistSpecs(RESNETS.wide_resnet50_2).trained;
    const own = ownName(name, 'RD4AD');
    expect(specs.find((spec) => spec.name === own)?.shape, String(own)).toEqual(shape);
  });

  it('UniAD has as many parameters as methods.md says, and the shapes of the table', () => {
    const shapes = uniadShapes();
    expect(shapes.get('reconstruction.pos_embed.row_embed.weight')).toEqual([14, 128]);
    expect(shapes.get('reconstruction.output_proj.weight')).toEqual([272, 256]);
    expect(shapes.get('reconstruction.transformer.decoder.layers.3.multihead_attn.in_proj_weight')).toEqual([
      768, 256,
    ]);
    expect(shapes.get('reconstruction.transformer.decoder.layers.0.norm3.bias')).toEqual([256]);
    expect(shapes.has('reconstruction.transformer.encoder.layers.0.norm3.bias')).toBe(false);
    expect([...shapes.values()].reduce((sum, shape) => sum + product(shape), 0)).toBe(7_717_392);
  });
});

/** To the bit; vitest's own comparison of so many numbers takes a minute. */
function expectSame(got: StateDict, want: StateDict): void {
  expect([...got.keys()].sort()).toEqual([...want.keys()].sort());
  for (const [name, { shape, data }] of want) {
    expect(got.get(name)!.shape, name).toEqual(shape);
    expect(Buffer.compare(bytesOf(got.get(name)!.data), bytesOf(data)), name).toBe(0);
  }
}
const bytesOf = (data: Float32Array): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

describe('a checkpoint of RD4AD', () => {
  it('a checkpoint of RD4AD is recognised with its encoder, and its dead tensors by name', () => {
    const content = detectorContent(stored([...rd4ad()].map(([name, { shape }]) => [name, shape])))!;
    expect(content).toMatchObject({ code: 'RD4AD', encoder: 'resnet18_w16', wrong: [] });
    expect(content.dead).toEqual(['bn.conv4.weight', 'bn.bn4.running_mean', 'bn.memory1.keys']);
  });

  it('a checkpoint of RD4AD loads as our detector, bit for bit, also after conversion', async () => {
    const path = await write('rd.safetensors', rd4ad());
    const loaded = await readAll((await openRevdist(path, 'resnet18_w16')).source);
    expect(new Set(loaded.keys())).toEqual(new Set(trained.map(({ name }) => name)));
    expectSame(loaded, ours);
    const to = join(folder, 'converted.safetensors');
    const { code, stdout, stderr } = await wgad(['weights', 'convert', path, to]);
    expect(code, stderr).toBe(0);
    expect(stdout).toContain(`${ours.size} tensors from safetensors, RD4AD\n`);
    expect(stdout).toContain(
      'left out, nothing reads them: bn.bn4.running_mean, bn.conv4.weight, bn.memory1.keys',
    );
    const { metadata } = await readWeights(to, () => false);
    expect(Object.fromEntries(metadata)).toMatchObject({
      detector: 'RD4AD',
      encoder: 'resnet18_w16',
      activation: 'relu',
    });
    expectSame(await readAll((await openRevdist(to, 'resnet18_w16')).source), loaded);
  });

  it('a checkpoint of RD4AD that does not fit is refused with everything that is wrong, and nothing is written', async () => {
    const broken = rd4ad();
    broken.delete('bn.conv1.weight');
    broken.set('decoder.layer1.0.bn1.bias', filled([7]));
    broken.set('decoder.layer9.weight', filled([2, 2]));
    const path = await write('broken.safetensors', broken);
    const all = [
      'missing bottleneck.conv1.weight [32, 16, 3, 3]',
      'decoder.layer1.0.bn1.bias expects [64], got [7]',
      'unexpected decoder.layer9.weight [2, 2]',
    ];
    const error = await openRevdist(path, 'resnet18_w16').catch((caught: Error) => caught);
    for (const text of all) expect((error as Error).message).toContain(text);
    const to = join(folder, 'never.safetensors');
    const { code, stderr } = await wgad(['weights', 'convert', path, to]);
    expect(code).toBe(1);
    for (const text of all) expect(stderr).toContain(text);
    await expect(readFile(to)).rejects.toThrow('ENOENT');
    const inspected = await wgad(['weights', 'inspect', path]);
    expect(inspected.code).toBe(0);
    expect(inspected.stdout).toContain('# content: checkpoint of RD4AD, encoder resnet18_w16\n');
    for (const text of all) expect(inspected.stdout).toContain(`# does not fit: ${text}\n`);
  });
});

describe('a checkpoint of ReContrast', () => {
  const theirs: StateDict = new Map([...hashedWeights(frozen), ...ours]);
  for (const { name, shape } of frozen)
    theirs.set(name.replace('encoder.', 'encoder_freeze.'), filled(shape));
  for (const [i, channels] of [16, 32, 64].entries()) {
    for (const head of [0, 1]) {
      theirs.set(`decoder.out${i + 1}.${head}.weight`, filled([channels, channels, 1, 1]));
      theirs.set(`decoder.out${i + 1}.${head}.bias`, filled([channels]));
    }
  }
  theirs.set('bottleneck.conv4.weight', filled([128, 256, 1, 1]));

  it('a checkpoint of ReContrast keeps its names but for what is dead, and lends its encoder', async () => {
    const content = detectorContent(stored([...theirs].map(([name, { shape }]) => [name, shape])))!;
    expect(content).toMatchObject({ code: 'ReContrast', encoder: 'resnet18_w16', wrong: [] });
    expect(content.dead).toEqual(['bottleneck.conv4.weight']);
    for (const [own, name] of content.names) expect(own).toBe(name);
    // The file of a run of ours has the same names, and an alignment beside them.
    const heads: [string, Shape][] = [
      ['regressor.fc2.bias', [2]],
      ['table', [3, 2]],
    ];
    expect(
      contentOf(
        stored(
          [...content.names.keys()].map((name) => [name, theirs.get(name)!.shape] as const).concat(heads),
        ),
      ),
    ).toEqual({
      content: 'checkpoint of ReContrast, encoder resnet18_w16',
      wrong: [],
    });
    const path = await write('recontrast.safetensors', theirs);
    const encoder = await loadWeights(path, 'encoder');
    expect(new Set(encoder.keys())).toEqual(new Set(frozen.map(({ name }) => name)));
  });
});

describe('a checkpoint of UniAD', () => {
  const backbone: [string, Shape][] = [
    ['backbone._conv_stem.weight', [48, 3, 3, 3]],
    ['backbone._blocks.22._bn0.weight', [960]],
  ];
  const images = input('images', [1, 3, 64, 64]);
  const specs = declare((layers) =>
    efficientnetFeatures(layers, images, EFFICIENTNETS.efficientnet_b4_same380),
  );

  it('a checkpoint of UniAD is recognised, its backbone under our names, later stages left out', () => {
    const content = detectorContent(stored([...uniadShapes(), ...backbone]))!;
    expect(content).toMatchObject({ code: 'UniAD', encoder: 'efficientnet_b4' });
    expect(content.names.get('encoder.features.0.0.weight')).toBe('backbone._conv_stem.weight');
    expect(content.dead).toEqual(['backbone._blocks.22._bn0.weight']);
    // All of the backbone but its stem is missing, and all is listed.
    expect(content.wrong).toHaveLength(specs.length - 1);
    expect(content.wrong[0]).toBe('missing encoder.features.0.1.weight [48]');
  });

  it('a checkpoint of UniAD fits without a backbone', () => {
    expect(detectorContent(stored(uniadShapes()))!.wrong).toEqual([]);
  });

  it('a checkpoint of UniAD is what training UniAD starts from; of another grid it is refused', async () => {
    const config = { method: 'uniad', encoder: 'resnet18_w16', size: 64 } as const;
    const tensors = hashedWeights(uniad.parts(modelOf(config)).reconstruction.specs);
    const theirs = new Map([...tensors, ['backbone._conv_stem.weight', filled([48, 3, 3, 3])] as const]);
    const path = await write('start.safetensors', theirs);
    const { source, activation } = await openDetector(path, config);
    expect(activation).toBeUndefined();
    expectSame(await readAll(source), tensors);
    await expect(openDetector(path, { ...config, size: 128 })).rejects.toThrow(
      'reconstruction.pos_embed.row_embed.weight expects [8, 128], got [4, 128]',
    );
    const other = await write('other.safetensors', new Map([['w', filled([1])]]));
    await expect(openDetector(other, config)).rejects.toThrow('holds no UniAD');
  });

  it('a checkpoint of UniAD lends its backbone to efficientnet_b4, whose arithmetic its names tell', async () => {
    const en = new Map([['backbone._conv_stem.weight', filled([48, 3, 3, 3])]]);
    const path = await write('uniad.safetensors', en);
    const { source, encoder } = await openPretrained('efficientnet_b4', path);
    expect([...(await readAll(source)).keys()]).toEqual(['encoder.features.0.0.weight']);
    expect(encoder).toBe('efficientnet_b4_same380');
    const converted = await write(
      'ours.safetensors',
      new Map([['encoder.features.0.0.weight', filled([48, 3, 3, 3])]]),
    );
    const again = await openPretrained('efficientnet_b4', converted);
    expect([...(await readAll(again.source)).keys()]).toEqual(['encoder.features.0.0.weight']);
  });
});

describe('other files', () => {
  it('files of timm are padded as their published name says', async () => {
    const stem = new Map([['conv_stem.weight', filled([48, 3, 3, 3])]]);
    const named = await write('tf_efficientnet_b4_aa-818f208c.pth', stem);
    const { source, encoder } = await openPretrained('efficientnet_b4', named);
    await source.close();
    expect(encoder).toBe('efficientnet_b4_same');
    const silent = await write('mine.pth', stem);
    await expect(openPretrained('efficientnet_b4', silent)).rejects.toThrow('does not say whether');
  });

  it('files of a larger network do not pass for a smaller one, whose tensors they all have', () => {
    const { frozen: small } = revdistSpecs(RESNETS.resnet18);
    const large = hashedShapes(revdistSpecs(RESNETS.resnet34).frozen);
    expect(() => refuseMisfits('resnet34.pth', shapesOf(small), large)).toThrow(
      'resnet34.pth: does not fit this network: unexpected encoder.layer1.2.conv1.weight [64, 64, 3, 3]; unexpected ',
    );
  });

  it('files of other networks are told by their shapes', () => {
    const names = (specs: readonly { name: string; shape: Shape }[]): [string, Shape][] =>
      specs.map(({ name, shape }) => [name.replace(/^encoder\./, ''), shape]);
    const plain = stored([
      ...names(revdistSpecs(RESNETS.wide_resnet50_2).frozen),
      ['fc.weight', [1000, 2048]],
      ['layer4.0.conv1.weight', [1024, 1024, 1, 1]],
    ]);
    expect(contentOf(plain)).toEqual({ content: 'wide_resnet50_2', wrong: [] });
    expect(contentOf(stored([['conv_stem.weight', [48, 3, 3, 3]]])).content).toBe(
      'efficientnet_b4 under the names of timm',
    );
    expect(contentOf(stored([['w', [1]]]))).toEqual({ content: null, wrong: [] });
  });
});
