import { execFile } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeSafetensors } from '../../src/formats/writeSafetensors.ts';
import { input } from '../../src/graph/value.ts';
import { RESNETS, resnetFeatures, resnetLayer } from '../../src/models/resnet.ts';
import { declare } from '../../src/nn/layers.ts';
import { product } from '../../src/shape.ts';

const run = promisify(execFile);
const dist = (file: string): string => new URL(`../../dist/${file}`, import.meta.url).href;
let folder = '';
let path = '';

/** All of wide_resnet50_2 but its classifier, once as floats and once as halves. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wgad-memory-'));
  path = join(folder, 'wide.safetensors');
  const specs = declare((layers) => {
    const [, , f3] = resnetFeatures(layers, input('x', [1, 3, 64, 64]), RESNETS.wide_resnet50_2);
    resnetLayer(layers, 4, f3, RESNETS.wide_resnet50_2);
  });
  const tensors = specs.map(({ name, shape }) => {
    const data = async (): Promise<Float32Array> => new Float32Array(product(shape)).fill(0.01);
    return [name, { shape, data }] as const;
  });
  await writeSafetensors(path, new Map(tensors));
  await writeSafetensors(join(folder, 'half.safetensors'), new Map(tensors), {}, 'F16');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Bytes that a process of its own needed at most for `code` beyond what it had after `first`. */
async function peakOf(code: string, first = ''): Promise<number> {
  const script = `
    const { readWeights } = await import(${JSON.stringify(dist('formats/weightsFile.js'))});
    const { loadWeights, openEncoderWeights } = await import(${JSON.stringify(dist('weights/encoder.js'))});
    const { openEncoder } = await import(${JSON.stringify(dist('score/features.js'))});
    const { openSession } = await import(${JSON.stringify(dist('runtime/session.js'))});
    const { networkLayout } = await import(${JSON.stringify(dist('nn/trainable.js'))});
    const { revdistSpecs } = await import(${JSON.stringify(dist('methods/revdist.js'))});
    const { RESNETS } = await import(${JSON.stringify(dist('models/resnet.js'))});
    ${first}
    const before = process.memoryUsage().rss;
    const held = ${code};
    console.log(process.resourceUsage().maxRSS * 1024 - before, Object.keys(held ?? {}).length);
    process.exit(0);`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
  });
  return Number(stdout.split(' ')[0]);
}

describe('a file of 268 MB', () => {
  it('a file of 268 MB is read within 1.3 times its size, also from halves', async () => {
    const { size } = await stat(path);
    expect(size).toBeGreaterThan(260e6);
    const whole = await peakOf(`await readWeights(${JSON.stringify(path)})`);
    // Less would mean that the measure misses something.
    expect(whole).toBeGreaterThan(0.95 * size);
    expect(whole).toBeLessThan(1.3 * size);
    const halves = await peakOf(`await readWeights(${JSON.stringify(join(folder, 'half.safetensors'))})`);
    expect(halves).toBeLessThan(1.3 * size);
  });

  it('a file of 268 MB lends an encoder the layers it has, and no more', async () => {
    const { size } = await stat(path);
    // layer4 is three fifths of the file.
    expect(await peakOf(`await loadWeights(${JSON.stringify(path)}, 'encoder')`)).toBeLessThan(0.5 * size);
  });

  it('a file of 268 MB becomes an encoder within 1.3 times its size, device and kernels included', async () => {
    const { size } = await stat(path);
    const peak = await peakOf(`await openEncoder('wide_resnet50_2', ${JSON.stringify(path)}, [64, 64])`);
    expect(peak).toBeLessThan(1.3 * size);
  }, 300_000);

  it.each([
    ['wide', 0.5],
    // The encoder's 100 MB of floats from a file of 134 MB.
    ['half', 1.1],
  ])('weights go to the device without a second copy in memory: %s', async (name, share) => {
    const file = join(folder, `${name}.safetensors`);
    const peak = await peakOf(
      `await session.loadFrom(layout, await openEncoderWeights(${JSON.stringify(file)}, 'encoder'))`,
      `const session = await openSession();
       const layout = networkLayout('encoder', revdistSpecs(RESNETS.wide_resnet50_2).frozen);`,
    );
    // On an adapter with memory of its own, less.
    expect(peak).toBeLessThan(share * (await stat(file)).size);
  });
});
