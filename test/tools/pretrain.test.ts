import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openWeights, readWeights } from '../../src/formats/weightsFile.ts';
import { pretrainEncoder } from '../../tools/pretrain/pretrain.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wgad-pretrain-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('pretraining writes the tensors of the shipped file, trained, and how well it ranks places', async () => {
  const path = join(folder, 'net.safetensors');
  const [one, two] = [join(folder, 'one.safetensors'), path];
  for (const [iterations, out] of [
    [1, one],
    [2, two],
  ] as const) {
    const ranking = await pretrainEncoder({ encoder: 'resnet18_w16', out, iterations });
    expect(ranking).toHaveLength(3);
    for (const auroc of ranking) expect(auroc).toBeGreaterThan(0.3);
  }
  const made = await openWeights(path);
  const shipped = await openWeights('weights/resnet18_w16.safetensors');
  expect(made.tensors).toEqual(shipped.tensors);
  expect(made.metadata.get('task')).toBe('places of procedural scenes, 64 px, 2 steps of 32');
  await Promise.all([made.close(), shipped.close()]);
  const weights = async (file: string) => (await readWeights(file)).tensors.get('conv1.weight')!.data;
  expect(await weights(two)).not.toEqual(await weights(one));
});
