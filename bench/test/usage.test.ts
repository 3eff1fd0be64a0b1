import { expect, it } from 'vitest';
import { outputTo } from '../../src/cli/output.ts';
import { buildProgram } from '../../src/cli/program.ts';
import { WGAD_BENCH } from '../verbs/index.ts';

const surroundings = {
  signal: new AbortController().signal,
  endAtSignal: () => {},
  onHangUp: () => {},
  stdout: outputTo(process.stdout),
};

it.each([
  [['latency'], "required option '--peers <names>' not specified"],
  [
    ['latency', '--peers', 'ort'],
    'expects any of ort-webgpu, ort-cpu, tfjs-webgpu, jax-js, torch, torch-tf32, ',
  ],
  [
    ['train', '--peers', 'ort-cpu'],
    'expects any of tfjs-webgpu, jax-js, torch, torch-tf32, torch-compiled, torch-compiled-tf32, got ort-cpu',
  ],
  [
    ['kernels', '--peers', 'torch-f16'],
    'expects any of ort-webgpu, ort-cpu, tfjs-webgpu, jax-js, torch, torch-tf32, got torch-f16',
  ],
  [['latency', '--precision', 'f16', '--peers', 'ort-cpu'], '--precision f16 is for --method revdist'],
  [['latency', '--method', 'cfa', '--peers', 'torch'], 'expects one of revdist, got cfa'],
  [['cada', '--method', 'fcdd'], 'expects one of revdist, '],
  [['detector', 'runs/first', '--peers', 'torch'], 'expects any of ort-webgpu, ort-cpu, got torch'],
  [['regret', '--model', 'vgg'], 'expects any of resnet18, '],
])('wgad-bench %j says what would be right', async (args, message) => {
  const program = buildProgram(WGAD_BENCH, surroundings, () => {});
  await expect(program.parseAsync(args, { from: 'user' })).rejects.toThrow(message);
});
