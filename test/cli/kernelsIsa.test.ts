import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { radvMissing, unlessRadv } from '../isa/radv.ts';
import { scratchFolder, wgad, wgadHere } from './wgad.ts';

const folder = scratchFolder();

const MATMUL = ['kernels', 'isa', 'matmul', '--shape', '512x512', '512x512'];

describe.skipIf(radvMissing !== undefined)(`wgad kernels isa${unlessRadv}`, () => {
  it.each(['navi31', 'navi21', 'vega20', 'gfx1200'])(
    'kernels isa counts every multiply-add for %s',
    async (family) => {
      const { code, stdout } = await wgad([...MATMUL, '--card', family, '--json', '--quiet']);
      expect(code).toBe(0);
      const { card, plans } = JSON.parse(stdout);
      const { kernels } = plans[0];
      const products = kernels.filter((each: { label: string }) => /blocked/.test(each.label));
      expect(products).toHaveLength(1);
      expect(products[0]).toMatchObject({
        multiplyAdds: 512 ** 3,
        spilled: 0,
        scratch: 0,
        unknownBranches: 0,
      });
      const least = 512 ** 3 / card.multiplyAddsPerNanosecond / 1000;
      expect(products[0].predicted.microseconds).toBeGreaterThan(least);
    },
  );

  it('kernels isa prints a table, accesses and machine code', async () => {
    const { code, stdout } = await wgad([
      'kernels',
      'isa',
      'relu',
      '--shape',
      '4096',
      '--accesses',
      '--asm',
      '--quiet',
    ]);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^navi31 \(Radeon RX 7900 XTX, RDNA3\), compiled by .*; predicted, not measured$/m,
    );
    expect(stdout).toMatch(/^pointwise relu +1 +\d+ +0 /m);
    expect(stdout).toContain('  x0: load of');
    expect(stdout).toContain('100 % of the lines touched');
    expect(stdout).toMatch(/^ {2}s_endpgm/m);
    expect(stdout).toMatch(/^1 dispatches a run: [\d.]+ us/m);
  });

  it("kernels isa compiles a text of one's own, says why one is refused, and which families it has no rates of", async () => {
    const [good, bad] = [folder.path('good.wgsl'), folder.path('bad.wgsl')];
    const declared = '@group(0) @binding(0) var<storage, read_write> x: array<f32>;';
    const main = '@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u)';
    await writeFile(good, `${declared}\n${main} { x[id.x] = fma(x[id.x], 3.0, 2.0); }`);
    await writeFile(bad, `${declared}\n${main} { x[id.x] = y; }`);
    const own = ['--grid', '16', '--bind', 'x=1024', '--quiet'];
    const { stdout } = await wgad(['kernels', 'isa', '--wgsl', good, ...own, '--card', 'navi24', '--json']);
    const { card, plans } = JSON.parse(stdout);
    expect(card).toBeNull();
    expect(plans[0].kernels[0]).toMatchObject({ multiplyAdds: 1024, predicted: null });
    const refused = await wgad(['kernels', 'isa', '--wgsl', bad, ...own]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("unresolved value 'y'");
  });

  it('kernels isa says what is missing, and what RADV does not know', async () => {
    const bare = await wgad(MATMUL, { PATH: '/nonexistent' });
    expect(bare.code).not.toBe(0);
    expect(bare.stderr).toContain('a C compiler is needed to stand in for the card');
    expect(bare.stderr).toContain('apt-get install mesa-vulkan-drivers libvulkan1 gcc');
    const unknown = await wgad([...MATMUL, '--card', 'navi99', '--quiet']);
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain('RADV knows no family navi99');
  });
});

it.each([
  [['relu', '--shape', '2', '--grid', '4'], '--grid and --bind are for --wgsl'],
  [['relu', '--wgsl', 'x.wgsl'], 'expects one of an op, --model and --wgsl'],
  [['--wgsl', 'x.wgsl', '--grid', '0'], 'expects workgroups such as'],
  [[], 'kernels isa expects an op or --model, got neither'],
])('kernels isa %j is refused', async (args, message) => {
  const { code, stdout, stderr } = await wgadHere(['kernels', 'isa', ...args]);
  expect(stderr).toContain(message);
  expect(code).toBe(2);
  expect(stdout).toBe('');
});
