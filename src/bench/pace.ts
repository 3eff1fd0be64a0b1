import { matmul } from '../graph/ops/matmul.ts';
import { shift } from '../graph/ops/pointwise.ts';
import { input, type Value } from '../graph/value.ts';
import { refuseExtra } from '../options.ts';
import { idle } from '../runtime/gpu.ts';
import { type Session, unwatched } from '../runtime/session.ts';
import type { BenchDevice } from './operation.ts';
import { measurePlan, type Pace } from './planCase.ts';

/** Larger ones only if the smaller is quick: a software adapter would take minutes. */
const SIDES = [256, 512, 1024, 2048, 4096];
const COPIES_MIB = [16, 64, 256];
const LONG_MS = 50;
const SAMPLES = 5;
/** Dispatches in the longer of the two runs that tell a dispatch from its submit. */
const CHAIN = 17;

/** By products and copies that a profiler of the device does not see: they are no part of what a command does. */
export async function measurePace(watched: BenchDevice, ...extra: never[]): Promise<Pace> {
  refuseExtra('measurePace', extra);
  const session = unwatched(watched);
  await idle(watched.gpu);
  const products = await bestOf(session, SIDES, 'gflops', (n) =>
    matmul(input('x', [n, n]), input('w', [n, n])),
  );
  const copies = await bestOf(session, COPIES_MIB, 'gbs', (mib) => shift(input('x', [mib, 2 ** 18]), 1));
  const [one, many] = [await chainMs(session, 1), await chainMs(session, CHAIN)];
  const dispatchMs = Math.max(0, many - one) / (CHAIN - 1);
  return {
    peakGflops: products.rate,
    peakAt: `matmul ${products.size}`,
    copyGbs: copies.rate,
    copyAt: `${copies.size} MiB`,
    submitMs: Math.max(0, one - dispatchMs),
    dispatchMs,
  };
}

/** Milliseconds of a run of products of single numbers, each of the one before: they share one kernel, and none can be left out. */
async function chainMs(session: Session, dispatches: number): Promise<number> {
  let out: Value = input('x', [1, 1]);
  for (let i = 0; i < dispatches; i++) out = matmul(out, out);
  const graph = { outputs: new Map([['out', out]]), effects: [] };
  const name = { suite: 'doctor', name: 'launch', shape: String(dispatches) };
  return (await measurePlan(session, name, graph, { samples: SAMPLES })).medianMs;
}

async function bestOf(
  session: Session,
  sizes: readonly number[],
  rate: 'gflops' | 'gbs',
  build: (size: number) => Value,
): Promise<{ rate: number; size: number }> {
  let best = { rate: 0, size: sizes[0]! };
  for (const size of sizes) {
    const out = build(size);
    // The copies' sizes are in MiB of float32; a product's operands are always smaller than its limit allows.
    if (4 * out.shape.reduce((a, b) => a * b, 1) > session.gpu.facts.maxBindingBytes) break;
    const graph = { outputs: new Map([['out', out]]), effects: [] };
    const record = await measurePlan(session, { suite: 'doctor', name: 'pace', shape: String(size) }, graph, {
      samples: SAMPLES,
    });
    if (record[rate]! > best.rate) best = { rate: record[rate]!, size };
    if (record.medianMs > LONG_MS) break;
  }
  return best;
}
