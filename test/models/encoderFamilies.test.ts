import { readFile } from 'node:fs/promises';
import { describe, expect, it, vi } from 'vitest';
import { input } from '../../src/graph/value.ts';
import { encoderPlace } from '../../src/models/encoderPlace.ts';
import type { EncoderFamilyRecord } from '../../src/models/encoders/family.ts';
import {
  ENCODER_FAMILIES,
  ENCODER_NAMES,
  encoderSpecs,
  encoderTaps,
  familyOf,
  generalName,
  PRETRAINED_NAMES,
  type PretrainedName,
  pretrained,
} from '../../src/models/encoders/index.ts';
import { declare } from '../../src/nn/layers.ts';
import { encodersFor } from '../../src/run/settings.ts';
import { tapNames } from '../../src/score/features.ts';
import { methodPlans } from '../../src/train/methodPlans.ts';
import { contentOf } from '../../src/weights/content.ts';

/** A family that nothing but the table knows: one convolution of four pixels a side. */
vi.mock('../../src/models/encoders/table.ts', async (importOriginal) => {
  const { TABLE } = await importOriginal<typeof import('../../src/models/encoders/table.ts')>();
  const { conv2d } = await import('../../src/functions.ts');
  const { zeros } = await import('../../src/nn/init.ts');
  const patches: EncoderFamilyRecord<{ readonly channels: number }> = {
    members: { patches_8: { channels: 8 } },
    taps: [{ name: 'patch', stride: 4 }],
    requireConfig: () => undefined,
    features: (layers, x, { channels }) => [
      conv2d(x, layers.parameter('patch.weight', [channels, 3, 4, 4], zeros), { stride: 4 }),
    ],
    anchors: [['patch.weight']],
  };
  return { TABLE: { ...TABLE, patches } };
});

const FURTHER = 'patches_8' as PretrainedName;

it('knows a further family from one line of the table', () => {
  expect(PRETRAINED_NAMES).toContain(FURTHER);
  expect(ENCODER_NAMES).toContain(FURTHER);
  expect(tapNames(FURTHER)).toEqual(['patch']);
  const encoder = pretrained(FURTHER);
  expect(encoderSpecs(encoder).map(({ name }) => name)).toEqual(['encoder.patch.weight']);
  expect(encoderPlace(['model.patch.weight'])).toEqual({ prefix: 'model.', others: [] });
  const stored = { shape: [8, 3, 4, 4], dtype: 'F32', bytes: 4 * 8 * 3 * 4 * 4 } as const;
  expect(contentOf(new Map([['model.patch.weight', stored]]))).toEqual({
    content: 'patches_8, under model.',
    wrong: [],
  });
});

it.each(PRETRAINED_NAMES)('%s has the feature maps that its family names, at their strides', (name) => {
  const encoder = pretrained(name);
  let shapes: (readonly number[])[] = [];
  declare((layers) => {
    shapes = encoderTaps(layers, input('images', [1, 3, 64, 64]), encoder).map(({ shape }) => shape);
  });
  const { taps } = familyOf(encoder);
  expect(shapes.map(([, , h, w]) => [h, w])).toEqual(taps.map(({ stride }) => [64 / stride, 64 / stride]));
});

it("docs/weights.md's table of encoders is that of the records", async () => {
  const text = await readFile(new URL('../../docs/weights.md', import.meta.url), 'utf8');
  const rows = Object.values(ENCODER_FAMILIES).flatMap(({ members, taps }) => {
    const names = (Object.keys(members) as PretrainedName[]).filter((name) => generalName(name) === name);
    if (names.includes(FURTHER)) return [];
    const maps = taps.map(({ name, stride }) => `\`${name}\` (${stride})`);
    return [`| ${names.map((name) => `\`${name}\``).join(', ')} | ${maps.join(', ')} |`];
  });
  expect(text).toContain(`${rows.join('\n')}\n\n`);
});

it('a method takes every encoder that has feature maps at the strides it reads, and no other', () => {
  const others = PRETRAINED_NAMES.filter((name) => name !== FURTHER);
  for (const method of ['revdist', 'recontrast', 'patchcore', 'cfa'] as const) {
    expect(encodersFor({ method })).toEqual(others);
  }
  expect(encodersFor({ method: 'uniad' })).toEqual(PRETRAINED_NAMES);
  expect(encodersFor({ method: 'draem' })).toEqual(['none']);
});

describe.each(['efficientnet_b4', 'tf_efficientnet_lite0', 'mobilenetv3_large_100'] as const)(
  '%s',
  (encoder) => {
    it.each(['revdist', 'recontrast', 'uniad', 'patchcore', 'cfa'] as const)(
      'scoring and training of %s can be built on an encoder that is no ResNet',
      (method) => {
        const plans = methodPlans({ method, encoder, size: 64, batch: 2 });
        const graphs = plans.map(({ name, graph }) => ({ name, graph: graph() }));
        expect(graphs.map(({ name }) => name)).toContain('scoring');
        const changed = graphs.filter(({ name }) => name.startsWith('training'));
        for (const { graph } of changed) expect(graph.effects.length).toBeGreaterThan(0);
      },
    );
  },
);
