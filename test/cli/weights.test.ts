import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, readdir, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readWeights } from '../../src/formats/weightsFile.ts';
import { writeSafetensors } from '../../src/formats/writeSafetensors.ts';
import { scratchFolder, wgadHere } from './wgad.ts';

const folder = scratchFolder();
const golden = (name: string): string => fileURLToPath(new URL(`../goldens/torch/${name}`, import.meta.url));

describe('weights', () => {
  it('weights inspect says which container a file is and lists its tensors', async () => {
    const { code, stdout } = await wgadHere(['weights', 'inspect', golden('nested.legacy.pth')]);
    expect(code).toBe(0);
    expect(stdout).toContain('# container: torch legacy stream\n');
    expect(stdout).toContain('bn.0.weight  F32  [3, 2, 3, 3]  216\n');
  });

  it('weights inspect prints as much metadata as can be read, and how many there are', async () => {
    const path = folder.path('wordy.safetensors');
    const metadata = Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`key${i}`, 'x'.repeat(999)]));
    await writeSafetensors(path, new Map([['a', { shape: [1], data: Float32Array.of(1) }]]), metadata);
    const { stdout } = await wgadHere(['weights', 'inspect', path]);
    expect(stdout.length).toBeLessThan(20_000);
    const printed = stdout.split('\n').filter((line) => line.startsWith('# key')).length;
    expect(printed).toBeGreaterThan(2);
    expect(stdout).toContain(`# and ${3000 - printed} more entries of metadata; --json has them all\na  F32`);
    const { metadata: all } = JSON.parse((await wgadHere(['weights', 'inspect', path, '--json'])).stdout);
    expect(all).toEqual(metadata);
  });

  it.each(['zip', 'legacy'])(
    'weights convert writes the same numbers from a %s, with their origin',
    async (kind) => {
      const from = golden(`module.${kind}.pth`);
      const to = folder.path(`${kind}.safetensors`);
      const { code, stderr } = await wgadHere(['weights', 'convert', from, to]);
      expect(code, stderr).toBe(0);
      const [before, after] = [
        await readWeights(from, (name) => !name.includes('num_batches')),
        await readWeights(to),
      ];
      expect(after.tensors).toEqual(new Map([...before.tensors].sort(([a], [b]) => (a < b ? -1 : 1))));
      expect(after.metadata.get('source')).toBe(`module.${kind}.pth`);
      expect(after.metadata.get('sha256')).toBe(
        createHash('sha256').update(readFileSync(from)).digest('hex'),
      );
    },
  );

  it('weights convert --dtype f16 halves them, and says what it leaves out', async () => {
    const to = folder.path('half.safetensors');
    const { code, stdout } = await wgadHere([
      'weights',
      'convert',
      golden('odd.zip.pth'),
      to,
      '--dtype',
      'f16',
    ]);
    expect(code).toBe(0);
    expect(stdout).not.toContain('num_batches_tracked');
    const inspected = await wgadHere(['weights', 'inspect', to]);
    expect(inspected.stdout).toContain('plain  F16  [6, 5]  60\n');
  });

  it('weights convert refuses --padding where it would say nothing', async () => {
    const to = folder.path('padded.safetensors');
    const args = ['weights', 'convert', golden('module.zip.pth'), to, '--padding', 'same'];
    const { code, stderr } = await wgadHere(args);
    expect(code).toBe(2);
    expect(stderr).toContain(
      'module.zip.pth: is no EfficientNet or MobileNetV3, --padding says nothing about it',
    );
    expect(await stat(to).catch(() => null)).toBeNull();
  });

  it('weights convert writes nothing where it refuses, and names the class', async () => {
    await mkdir(folder.path('out'));
    const args = ['weights', 'convert', golden('foreign.zip.pth'), folder.path('out', 'x.safetensors')];
    const { code, stderr } = await wgadHere(args);
    expect(code).toBe(1);
    expect(stderr).toContain('E_WEIGHTS');
    expect(stderr).toContain(
      'names easydict.EasyDict, which is not allowed; wgad weights convert --ignore-foreign skips such objects',
    );
    expect(await readdir(folder.path('out'))).toEqual([]);
    expect((await wgadHere([...args, '--ignore-foreign'])).code).toBe(0);
  });
});
