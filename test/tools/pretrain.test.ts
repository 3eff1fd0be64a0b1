import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openWeights } from '../../src/formats/weightsFile.ts';
import { pretrainEncoder } from '../../tools/pretrain/pretrain.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wgad-pretrain-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('pretraining writes the tensors of the shipped file, and how well it ranks places', async () => {
  const out = join(folder, 'net.safetensors');
  const ranking = await pretrainEncoder({ encoder: 'resnet18_w16', out, iterations: 2 });
  const made = await openWeights(out);
  const shipped = await openWeights('weights/resnet18_w16.safetensors');
  expect(made.tensors).toEqual(shipped.tensors);
  expect(made.metadata.get('task')).toBe('places of procedural scenes, 64 px, 2 steps of 32');
  expect(made.metadata.get('auroc')).toBe(ranking.map((value) => value.toFixed(4)).join(' '));
  for (const auroc of ranking) expect(auroc).toBeGreaterThan(0.3);
  await Promise.all([made.close(), shipped.close()]);
});
