import { grad } from '../autograd/reverse.ts';
import { ConfigError } from '../errors.ts';
import { conv2d } from '../graph/ops/conv.ts';
import { matmul } from '../graph/ops/matmul.ts';
import { gelu, shift } from '../graph/ops/pointwise.ts';
import { sum } from '../graph/ops/reduce.ts';
import { input, type Value } from '../graph/value.ts';
import type { Shape } from '../shape.ts';
import type { Session } from '../train/session.ts';
import { measurePlan } from './planCase.ts';
import type { BenchRecord } from './record.ts';

interface KernelCase {
  readonly name: string;
  readonly shape: string;
  readonly build: () => Value;
}

const x = (...shape: Shape): Value => input('x', shape);

const conv = (c: number, size: number, kernel: number): KernelCase => ({
  name: `conv ${kernel}x${kernel}`,
  shape: `${c} to ${c} channels, ${size}x${size}`,
  build: () => conv2d(x(1, c, size, size), input('w', [c, c, kernel, kernel]), { padding: (kernel - 1) / 2 }),
});

/** The gradient of one operand of a convolution. */
const convGrad = (of: 'input' | 'weight', c: number, size: number): KernelCase => ({
  name: `conv 3x3, ${of} gradient`,
  shape: `${c} to ${c} channels, ${size}x${size}`,
  build: () => {
    const operands = { input: x(1, c, size, size), weight: input('w', [c, c, 3, 3]) };
    const y = conv2d(operands.input, operands.weight, { padding: 1 });
    return grad(sum(gelu(y)), [operands[of]])[0]!;
  },
});

/** Cases with the work that networks have; the copy and the large product bound what an adapter can do. */
export const KERNEL_CASES: readonly KernelCase[] = [
  conv(64, 64, 3),
  conv(64, 64, 1),
  conv(256, 16, 3),
  convGrad('input', 64, 64),
  convGrad('weight', 64, 64),
  {
    name: 'matmul',
    shape: '512 x 512 x 512',
    build: () => matmul(x(512, 512), input('w', [512, 512])),
  },
  { name: 'gelu', shape: '4 Mi', build: () => gelu(x(4, 1024, 1024)) },
  { name: 'copy', shape: '4 Mi', build: () => shift(x(4, 1024, 1024), 1) },
];

/** @throws ConfigError where `filter` matches no case. */
export async function benchKernels(
  session: Session,
  filter: RegExp,
  onCase: (done: number, of: number) => void,
): Promise<BenchRecord[]> {
  const chosen = KERNEL_CASES.filter(({ name, shape }) => filter.test(`${name} ${shape}`));
  if (chosen.length === 0) {
    throw new ConfigError(`no kernel case matches ${filter}`, {
      fix: `match one of: ${KERNEL_CASES.map(({ name, shape }) => `${name} ${shape}`).join('; ')}`,
    });
  }
  const records: BenchRecord[] = [];
  for (const { name, shape, build } of chosen) {
    const graph = { outputs: new Map([['out', build()]]), effects: [] };
    records.push(await measurePlan(session, { suite: 'kernels', name, shape }, graph));
    onCase(records.length, chosen.length);
  }
  return records;
}
