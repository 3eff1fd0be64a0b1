import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeSafetensors } from '../../src/formats/writeSafetensors.ts';
import { input } from '../../src/graph/value.ts';
import { EFFICIENTNET_B4, EFFICIENTNETS, efficientnetFeatures } from '../../src/models/efficientnet.ts';
import { namingOf, torchvisionName } from '../../src/models/efficientnetNames.ts';
import { MOBILES, mobileFeatures } from '../../src/models/mobile.ts';
import { declare } from '../../src/nn/layers.ts';
import { openEncoder } from '../../src/score/features.ts';
import { openPretrained } from '../../src/weights/encoder.ts';
import { hashed, hashedWeights } from './hashed.ts';

const images = input('images', [1, 3, 64, 64]);
const specs = declare((layers) => efficientnetFeatures(layers, images, EFFICIENTNETS.efficientnet_b4));

/** The table of weights.md 3.1 read from torchvision's column to the others, in a block that expands. */
const PARTS: Record<string, [en: string, timm: string]> = {
  '0.0': ['_expand_conv', 'conv_pw'],
  '0.1': ['_bn0', 'bn1'],
  '1.0': ['_depthwise_conv', 'conv_dw'],
  '1.1': ['_bn1', 'bn2'],
  '2.fc1': ['_se_reduce', 'se.conv_reduce'],
  '2.fc2': ['_se_expand', 'se.conv_expand'],
  '3.0': ['_project_conv', 'conv_pwl'],
  '3.1': ['_bn2', 'bn3'],
};
/** And in stage 0. */
const FIRST: typeof PARTS = {
  '0.0': ['_depthwise_conv', 'conv_dw'],
  '0.1': ['_bn1', 'bn1'],
  '1.fc1': ['_se_reduce', 'se.conv_reduce'],
  '1.fc2': ['_se_expand', 'se.conv_expand'],
  '2.0': ['_project_conv', 'conv_pw'],
  '2.1': ['_bn2', 'bn2'],
};
const BLOCKS_BEFORE = [0, 2, 6, 10, 16];

/** A torchvision name as EfficientNet-PyTorch and timm write it. */
function others(name: string): [en: string, timm: string] {
  const stem = /^features\.0\.([01])\.(.+)$/.exec(name);
  if (stem?.[1] === '0') return ['_conv_stem.weight', 'conv_stem.weight'];
  if (stem) return [`_bn0.${stem[2]}`, `bn1.${stem[2]}`];
  const [, features, block, part, rest] = /^features\.(\d)\.(\d)\.block\.(\d\.\w+)\.(.+)$/.exec(name)!;
  const stage = Number(features) - 1;
  const [en, timm] = (stage === 0 ? FIRST : PARTS)[part!]!;
  return [
    `_blocks.${BLOCKS_BEFORE[stage]! + Number(block)}.${en}.${rest}`,
    `blocks.${stage}.${block}.${timm}.${rest}`,
  ];
}

describe('names', () => {
  it('EfficientNet names of all three schemes lead to the same tensors', () => {
    for (const { name } of specs) {
      const [en, timm] = others(name);
      expect(torchvisionName(name, 'torchvision', EFFICIENTNET_B4)).toBe(name);
      expect(torchvisionName(en, 'efficientnet-pytorch', EFFICIENTNET_B4), en).toBe(name);
      expect(torchvisionName(timm, 'timm', EFFICIENTNET_B4), timm).toBe(name);
    }
  });

  it('EfficientNet names of heads, later stages and counters lead nowhere', () => {
    expect(torchvisionName('_blocks.22._bn0.weight', 'efficientnet-pytorch', EFFICIENTNET_B4)).toBeNull();
    expect(torchvisionName('_bn1.weight', 'efficientnet-pytorch', EFFICIENTNET_B4)).toBeNull();
    expect(torchvisionName('_fc.bias', 'efficientnet-pytorch', EFFICIENTNET_B4)).toBeNull();
    expect(torchvisionName('bn2.weight', 'timm', EFFICIENTNET_B4)).toBeNull();
    expect(torchvisionName('blocks.5.0.conv_pw.weight', 'timm', EFFICIENTNET_B4)).toBeNull();
    expect(torchvisionName('features.8.0.weight', 'torchvision', EFFICIENTNET_B4)).toBeNull();
    expect(torchvisionName('features.0.1.num_batches_tracked', 'torchvision', EFFICIENTNET_B4)).toBeNull();
  });

  it('EfficientNet names say which scheme they belong to', () => {
    expect(namingOf(['x', '_conv_stem.weight'])).toBe('efficientnet-pytorch');
    expect(namingOf(['conv_stem.weight'])).toBe('timm');
    expect(namingOf(['features.0.0.weight'])).toBe('torchvision');
    expect(namingOf(['layer1.0.conv1.weight'])).toBeNull();
  });
});

describe('a weight file', () => {
  let folder = '';
  const weights = hashedWeights(specs);
  const image = hashed('image', 3 * 64 * 64);
  const file = async (name: string, rename: (name: string) => string, metadata = {}): Promise<string> => {
    const path = join(folder, name);
    await writeSafetensors(
      path,
      new Map([...weights].map(([own, tensor]) => [rename(own), tensor])),
      metadata,
    );
    return path;
  };
  const features = async (path: string): Promise<unknown> => {
    const encoder = await openEncoder('efficientnet_b4', path, [64, 64]);
    try {
      return await encoder.features(image);
    } finally {
      encoder.close();
    }
  };
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'wgad-efficientnet-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('an EfficientNet file gives the same features under every naming, by the arithmetic of its lineage', async () => {
    const noted = await features(await file('tv', (name) => name, { padding: 'same380' }));
    expect(await features(await file('en', (name) => others(name)[0]))).toEqual(noted);
    expect(await features(await file('timm', (name) => others(name)[1], { padding: 'same380' }))).toEqual(
      noted,
    );
    expect(await features(await file('plain', (name) => name))).not.toEqual(noted);
  }, 400_000);

  it('a run’s weights are read as the encoder that the run had', async () => {
    const path = await file('run', (name) => `encoder.${name}`, {
      format: 'wgad weights 1',
      encoder: 'efficientnet_b4_same380',
    });
    const { source, encoder } = await openPretrained('efficientnet_b4', path);
    await source.close();
    expect(encoder).toBe('efficientnet_b4_same380');
  });

  it('a file of timm is read as the lineage that is asked for by its own name', async () => {
    const path = await file('asked', (name) => others(name)[1]);
    const { source, encoder } = await openPretrained('efficientnet_b4_same', path);
    await source.close();
    expect(encoder).toBe('efficientnet_b4_same');
  });

  it('tensors that a network lacks do not go unseen', async () => {
    const b0 = declare((layers) => mobileFeatures(layers, images, MOBILES.efficientnet_b0));
    const path = join(folder, 'b0');
    const timm = new Map([...hashedWeights(b0)].map(([name, tensor]) => [others(name)[1], tensor]));
    await writeSafetensors(path, timm);
    await expect(openEncoder('tf_efficientnet_lite0', path, [64, 64])).rejects.toThrow(
      'unexpected encoder.blocks.0.0.se.conv_reduce.weight',
    );
    const { source, encoder } = await openPretrained('tf_efficientnet_b0', path);
    await source.close();
    expect(encoder).toBe('tf_efficientnet_b0');
  });

  it('a file of timm that does not say its lineage is refused with what to do', async () => {
    const bare = await file('bare', (name) => others(name)[1]);
    await expect(openEncoder('efficientnet_b4', bare, [64, 64])).rejects.toMatchObject({
      code: 'E_WEIGHTS',
      fix: expect.stringContaining('--padding symmetric (efficientnet_b4) or same (tf_efficientnet_b4)'),
    });
  });

  it('a file of another network is refused as EfficientNet', async () => {
    const path = join(folder, 'other');
    await writeSafetensors(path, new Map([['w', { shape: [1], data: Float32Array.of(1) }]]));
    await expect(openEncoder('efficientnet_b4', path, [64, 64])).rejects.toThrow('holds no EfficientNet');
  });
});
