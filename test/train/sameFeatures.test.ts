import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openWeights } from '../../src/formats/weightsFile.ts';
import { writeSafetensors } from '../../src/formats/writeSafetensors.ts';
import { revdistSpecs } from '../../src/methods/revdist.ts';
import { RESNETS } from '../../src/models/resnet.ts';
import { openEncoder } from '../../src/score/features.ts';
import { savedStateDict } from '../formats/forge.ts';
import { hashed, hashedWeights } from '../models/hashed.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wgad-same-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function features(path: string): Promise<Map<string, Buffer>> {
  const encoder = await openEncoder('resnet18_w16', path, [64, 64]);
  try {
    const found = await encoder.features(hashed('image', 3 * 64 * 64));
    return new Map([...found].map(([name, { data }]) => [name, Buffer.from(data.slice().buffer)]));
  } finally {
    encoder.close();
  }
}

it('a .pth and a .safetensors of one state dict give the same features, bit for bit', async () => {
  const specs = revdistSpecs(RESNETS.resnet18_w16).frozen;
  const tensors = new Map(
    [...hashedWeights(specs)].map(([name, each]) => [name.replace('encoder.', ''), each]),
  );
  const [torch, safe] = [join(folder, 'same.pth'), join(folder, 'same.safetensors')];
  await writeFile(torch, savedStateDict(tensors));
  await writeSafetensors(safe, tensors);
  const file = await openWeights(torch);
  expect(file.kind).toBe('torch zip');
  await file.close();
  const [fromTorch, fromSafe] = [await features(torch), await features(safe)];
  expect([...fromTorch.keys()]).toEqual(['layer1', 'layer2', 'layer3']);
  for (const [name, bytes] of fromTorch) expect(bytes.equals(fromSafe.get(name)!), name).toBe(true);
  // And they are features: another image of numbers than zeros.
  expect(fromTorch.get('layer3')!.some((byte) => byte !== 0)).toBe(true);
}, 300_000);
