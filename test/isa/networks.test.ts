import { describe, expect, it } from 'vitest';
import { CARDS } from '../../src/isa/cards.ts';
import { compileFor } from '../../src/isa/compile.ts';
import { type Reading, readKernel } from '../../src/isa/reading.ts';
import type { Kernel } from '../../src/kernels/kernel.ts';
import { heaviest, kindOf } from './heaviest.ts';
import { radvMissing, unlessRadv } from './radv.ts';

/** Vector registers of any of them. */
const MOST_REGISTERS = 168;
/** Floors that the heaviest kernels of the real networks reach on RDNA 3; raise them as kernels get better. */
const FLOORS: readonly {
  readonly kind: RegExp;
  /** Waves per SIMD that registers and workgroup memory allow. */
  readonly waves: number;
  /** Multiply-adds among the instructions of the main loop. */
  readonly share: number;
}[] = [
  { kind: /blocked \w+x16 8x8/, waves: 2, share: 0.88 },
  { kind: /blocked \w+x8 8x8/, waves: 4, share: 0.6 },
  { kind: /blocked .* 8x4/, waves: 3, share: 0.48 },
  { kind: /blocked 16x.* 4x4/, waves: 3, share: 0.4 },
  { kind: /blocked .* 4x4/, waves: 4, share: 0.4 },
  { kind: /winograd \d (pixels|weights|results|gradient)/, waves: 12, share: 0 },
  { kind: /./, waves: 8, share: 0 },
];

describe.skipIf(radvMissing !== undefined)(`the kernels of the real networks on RDNA 3${unlessRadv}`, () => {
  it('no register spills, and waves and shares of multiply-adds are at least those reached', async () => {
    const wide = { method: 'revdist', encoder: 'wide_resnet50_2', batch: 16 } as const;
    const kernels: Kernel[] = [
      ...heaviest(wide, 'scoring', 14),
      ...heaviest({ ...wide, batch: 1 }, 'scoring', 5),
      ...heaviest({ method: 'revdist', encoder: 'resnet18', batch: 16 }, 'training', 14),
    ].filter((kernel, i, all) => all.findIndex((other) => kindOf(other) === kindOf(kernel)) === i);
    const { kernels: compiled } = await compileFor(
      'navi31',
      kernels.map(({ wgsl }) => wgsl),
    );
    const said = compiled.flatMap((found, i) => {
      if (typeof found === 'string') return [`${kernels[i]!.label}: ${found}`];
      return complaints(kindOf(kernels[i]!), readKernel(kernels[i]!, found, CARDS.navi31!));
    });
    expect(said).toEqual([]);
    // Most of a dozen kinds each.
    expect(kernels.length).toBeGreaterThan(20);
  }, 300_000);
});

function complaints(
  kind: string,
  { label, registers, spilled, scratch, wavesPerSimd, loopShare, accesses }: Reading,
): string[] {
  const floor = FLOORS.find((each) => each.kind.test(kind))!;
  const few = [
    ...(spilled > 0 || scratch > 0 ? [`${spilled} registers spill, ${scratch} bytes of scratch`] : []),
    ...(registers.vector > MOST_REGISTERS
      ? [`${registers.vector} registers, ${MOST_REGISTERS} at most`]
      : []),
    ...(wavesPerSimd < floor.waves ? [`${wavesPerSimd} waves per SIMD, reached were ${floor.waves}`] : []),
    ...(loopShare < floor.share
      ? [`${loopShare} multiply-adds in the loop, reached were ${floor.share}`]
      : []),
    ...accesses
      .filter(({ what, conflicts }) => what === 'workgroup' && conflicts !== null && conflicts > 2)
      .map(
        ({ kind: access, conflicts }) => `${access}s of the workgroup take ${conflicts} times their passes`,
      ),
  ];
  return few.map((each) => `${label}: ${each}`);
}
