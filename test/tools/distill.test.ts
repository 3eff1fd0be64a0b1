import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openWeights } from '../../src/formats/weightsFile.ts';
import { encoderSpecs } from '../../src/models/encoders/index.ts';
import { photographOf } from '../../tools/distill/crops.ts';
import { type DistillOptions, distillEncoder } from '../../tools/distill/distill.ts';
import { PHOTOGRAPHS } from '../../tools/distill/photographs.ts';
import { PACKAGES, readPhotographs } from '../../tools/distill/pictures.ts';
import { ONE_DEVICE } from '../parking.ts';
import { seeded } from '../seed.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wgad-distill-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const random = seeded('photograph to distil on');
const photograph = photographOf({
  width: 80,
  height: 64,
  channels: 3,
  layout: 'interleaved',
  data: Uint8Array.from({ length: 3 * 80 * 64 }, () => random.integer(256)),
});

const optionsIn = (name: string, iterations: number): DistillOptions & { readonly out: string } => ({
  encoder: 'small',
  student: { trunk: 'resnet18_w16', channels: [16, 32, 64] },
  teacher: 'resnet18_w16',
  weights: 'embedded',
  photographs: [photograph],
  task: { size: 32, batch: 2 },
  run: join(folder, name),
  iterations,
  out: join(folder, `${name}.safetensors`),
  gpu: ONE_DEVICE,
});

it('a distillation writes the tensors of its encoder; stopped and resumed it gives the same bytes', async () => {
  const whole = optionsIn('whole', 5);
  const losses: number[] = [];
  const last = await distillEncoder({ ...whole, onReport: ({ loss }) => losses.push(loss!) });
  expect(losses.at(-1)).toBe(last);
  const made = await openWeights(whole.out);
  const names = encoderSpecs({ family: 'adapted', config: whole.student }).map(({ name }) => name.slice(8));
  expect([...made.tensors.keys()].sort()).toEqual(names.sort());
  expect(made.metadata.get('task')).toBe(
    'features of resnet18_w16 on crops of 1 photographs, 32 px, 5 steps of 2',
  );
  await made.close();

  const parts = optionsIn('parts', 5);
  const stop = new AbortController();
  const stopped = distillEncoder({ ...parts, signal: stop.signal, onReport: () => stop.abort() });
  await expect(stopped).rejects.toThrow('aborted');
  await expect(distillEncoder(parts)).rejects.toThrow('holds a distillation');
  await distillEncoder({ ...parts, resume: true });
  expect(await readFile(parts.out)).toEqual(await readFile(whole.out));

  // From where the rate has not fallen yet, a run can be prolonged, but not shortened.
  const longer = optionsIn('longer', 7);
  await distillEncoder(longer);
  await distillEncoder({ ...whole, iterations: 7, resume: true });
  expect(await readFile(whole.out)).toEqual(await readFile(longer.out));
  await expect(distillEncoder({ ...whole, iterations: 3, resume: true })).rejects.toThrow(
    'is at step 5 of the steady stage, which ends at 3 for these --iterations',
  );
});

it('the student begins with the weights it is given, and learns', async () => {
  const own = optionsIn('own', 1);
  const ownLoss = await distillEncoder({ ...own, start: 'weights/resnet18_w16.safetensors' });
  const long = optionsIn('long', 40);
  const longLoss = await distillEncoder({ ...long, start: 'weights/resnet18_w16.safetensors' });
  expect(longLoss).toBeLessThan(ownLoss);
  await expect(distillEncoder({ ...own, resume: true })).rejects.toThrow('another configuration');
});

it('photographs that are missing or other ones are listed', async () => {
  await expect(readPhotographs(folder)).rejects.toThrow(
    `${PHOTOGRAPHS[0]!.package}/${PHOTOGRAPHS[0]!.path} is missing`,
  );
  expect(PACKAGES).toHaveLength(3);
});
