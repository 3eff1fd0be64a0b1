import { DEVICES } from '../../src/kernels/devices.ts';
import type { DeviceFacts, Kernel } from '../../src/kernels/kernel.ts';
import { buildPlan } from '../../src/plan/buildPlan.ts';
import { type MethodSizes, methodPlans } from '../../src/train/methodPlans.ts';

/** What Dawn offers on an RDNA 3 card. */
export const RDNA3: DeviceFacts = {
  ...DEVICES['gpu-f16'],
  subgroupSize: 0,
  workgroupBytes: 65_536,
  family: 'rdna3',
};

/** A label without its layer: `conv2d blocked 64x128x16 8x8`. */
export const kindOf = ({ label }: Kernel): string => label.replace(/^[\w.]+ (?=\w)/, '');

/** Of one of a method's plans: the heaviest kernel of each of the `most` heaviest kinds, by operations and bytes. */
export function heaviest(sizes: MethodSizes, plan: string, most: number): Kernel[] {
  const { dispatches, prelude } = buildPlan(
    methodPlans(sizes)
      .find(({ name }) => name === plan)!
      .graph(),
    RDNA3,
  );
  // Nanoseconds by a card's data sheet.
  const weight = ({ flops, bytes }: Kernel): number => Math.max(flops / 61_000, bytes / 960);
  const kinds = new Map<string, { kernel: Kernel; all: number }>();
  for (const { kernel } of dispatches.slice(prelude)) {
    const kind = kindOf(kernel);
    const known = kinds.get(kind);
    const heavier = !known || weight(kernel) > weight(known.kernel) ? kernel : known.kernel;
    kinds.set(kind, { kernel: heavier, all: (known?.all ?? 0) + weight(kernel) });
  }
  return [...kinds.values()]
    .toSorted((a, b) => b.all - a.all)
    .slice(0, most)
    .map(({ kernel }) => kernel);
}
