import { copyFile, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { writeSafetensors } from '../../src/formats/writeSafetensors.ts';
import { input } from '../../src/graph/value.ts';
import { RESNETS, resnetFeatures } from '../../src/models/resnet.ts';
import { declare } from '../../src/nn/layers.ts';
import { weightsFor } from '../../src/weights/source.ts';
import { hashed, hashedWeights } from '../models/hashed.ts';
import { serveWeights, type WeightServer } from '../published/weightServer.ts';
import { scratchFolder, start, wgadHere } from './wgad.ts';

const folder = scratchFolder();
const FILE = 'resnet18-f37072fd.pth';
const SIZE = 46_830_571;
let server: WeightServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});
const cache = (name: string): { WGAD_CACHE: string } => ({ WGAD_CACHE: folder.path(name) });

describe('weights fetch', () => {
  it('weights fetch deletes what is not the published file', async () => {
    server = await serveWeights(new Uint8Array(SIZE));
    const { code, stderr, stdout } = await wgadHere(
      ['weights', 'fetch', 'resnet18', '--from', server.url],
      cache('wrong'),
    );
    expect(code).toBe(1);
    expect(stderr).toMatch(/resnet18 45\/45 MiB, [\d.]+ MiB\/s 0 s left\n/);
    expect(stderr).toContain(
      `E_FILE ${server.url}/${FILE}: its SHA-256 begins with 680b5ccc, expected f37072fd: deleted`,
    );
    expect(stdout).toBe('');
    expect(await readdir(folder.path('wrong', 'weights'))).toEqual([]);
  });

  it('weights fetch stopped by Ctrl-C exits 130, says how to go on, and keeps what has come', async () => {
    server = await serveWeights(new Uint8Array(SIZE), { stalls: true });
    const { child, done } = start(['weights', 'fetch', 'resnet18', '--from', server.url], cache('stopped'));
    const part = folder.path('stopped', 'weights', `${FILE}.part`);
    await expect
      .poll(
        () =>
          stat(part).then(
            ({ size }) => size,
            () => 0,
          ),
        { timeout: 20_000 },
      )
      .toBeGreaterThan(0);
    child.kill('SIGINT');
    const { code, stderr } = await done;
    expect(stderr).toContain('stopped; go on with: wgad weights fetch resnet18');
    expect(code).toBe(130);
    expect((await stat(part)).size).toBeGreaterThan(0);
  });

  it('weights fetch offline says what is missing and where it would belong', async () => {
    const { code, stderr } = await wgadHere(['weights', 'fetch', 'resnet18', '--offline'], cache('none'));
    expect(code).toBe(1);
    expect(stderr).toContain(`${folder.path('none', 'weights', FILE)}: is not there, and --offline forbids`);
  });

  it('weights fetch refuses an unknown name with those there are', async () => {
    const { code, stderr } = await wgadHere(['weights', 'fetch', 'resnet19']);
    expect(code).toBe(2);
    expect(stderr).toContain('expects one of resnet18, resnet34, resnet50, ');
  });

  it('weights fetch lists names, sizes and the cache in its help', async () => {
    const { stdout } = await wgadHere(['weights', 'fetch', '--help'], cache('help'));
    expect(stdout).toMatch(/wide_resnet50_2 +132 MiB {2}torchvision, V1: the paper's/);
    expect(stdout).toContain(`The cache is ${folder.path('help', 'weights')}`);
  });
});

describe('--weights', () => {
  const features = (more: string[], env?: Record<string, string>) =>
    wgadHere(['features', folder.path('x.safetensors'), '--out', folder.path('f.safetensors'), ...more], env);

  it('--weights takes the name of fetched weights', async () => {
    const specs = declare((layers) => resnetFeatures(layers, input('x', [1, 3, 64, 64]), RESNETS.resnet18));
    await mkdir(folder.path('full', 'weights'), { recursive: true });
    // Content decides what a file is: a safetensors file under the published name does for this.
    await writeSafetensors(folder.path('full', 'weights', FILE), hashedWeights(specs));
    await copyFile(folder.path('full', 'weights', FILE), folder.path('own.safetensors'));
    const image = { shape: [1, 3, 64, 64], data: hashed('x', 3 * 64 * 64) };
    await writeSafetensors(folder.path('x.safetensors'), new Map([['input', image]]));
    const { code, stderr } = await features(
      ['--encoder', 'resnet18', '--weights', 'resnet18', '--layers', 'layer1'],
      cache('full'),
    );
    expect(stderr).not.toContain('E_');
    expect(code).toBe(0);
  }, 400_000);

  it('--weights names weights fetch where they have not been fetched', async () => {
    const { code, stderr } = await features(
      ['--encoder', 'resnet18', '--weights', 'resnet18'],
      cache('none'),
    );
    expect(code).toBe(1);
    expect(stderr).toContain(`${folder.path('none', 'weights', FILE)}: has not been fetched`);
    expect(stderr).toContain('fix: wgad weights fetch resnet18\n');
  });

  it.each(['features', 'train'])('--weights of %s says which ones ship', async (verb) => {
    const encoder = verb === 'train' ? 'wide_resnet50_2' : 'efficientnet_b4';
    const { code, stderr } = await wgadHere([
      verb,
      folder.path('x.safetensors'),
      ...['--out', folder.path('out'), '--encoder', encoder],
    ]);
    expect(code).toBe(2);
    expect(stderr).toContain(
      `--encoder ${encoder} needs --weights: only those of resnet18_w16, resnet18_w32, resnet18_w32_distilled ship with the package`,
    );
    expect(stderr).toContain(`fix: wgad weights fetch ${encoder} (or `);
  });

  it('--weights is a file before it is a name, and belongs to its encoder', async () => {
    await writeFile(folder.path('resnet50'), '');
    expect(await weightsFor('resnet18', folder.path('resnet50'))).toBe(folder.path('resnet50'));
    await expect(weightsFor('resnet18', 'resnet50', folder.path('none'))).rejects.toThrow(
      '--weights resnet50 are for --encoder resnet50, got resnet18',
    );
    await expect(weightsFor('resnet18', 'nothing.pth')).rejects.toMatchObject({
      code: 'E_FILE',
      fix: 'wgad weights fetch resnet18, then --weights resnet18',
    });
    expect(await weightsFor('resnet18_w32', 'embedded')).toBe('embedded');
    await expect(weightsFor('resnet18', 'embedded')).rejects.toMatchObject({
      message: expect.stringContaining('only those of resnet18_w16, resnet18_w32, resnet18_w32_distilled'),
      fix: 'wgad weights fetch resnet18, then --weights resnet18',
    });
  });
});
