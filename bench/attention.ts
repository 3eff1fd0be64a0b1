/**
 * UniAD's attention as one kernel against the same as separate operations: time and plan memory of the forward pass, and
 * of forward and gradients with dropout; and against the bare batched products, which is what any masked softmax fused
 * between them would have to be added to. docs/kernels/attention.md has what it printed.
 *
 *   LP_NUM_THREADS=1 taskset -c 0 npx tsx bench/attention.ts [batch]
 */
import { grad } from '../src/autograd/reverse.ts';
import { replaysOf } from '../src/bench/planCase.ts';
import { sample } from '../src/bench/sampler.ts';
import { attention } from '../src/graph/ops/attention.ts';
import { matmul } from '../src/graph/ops/matmul.ts';
import { permute, reshape } from '../src/graph/ops/movement.ts';
import { add, mul, scale } from '../src/graph/ops/pointwise.ts';
import { sum } from '../src/graph/ops/reduce.ts';
import { constant, input, type Value } from '../src/graph/value.ts';
import { dropout } from '../src/nn/dropout.ts';
import { softmax } from '../src/nn/softmax.ts';
import { buildPlan } from '../src/plan/buildPlan.ts';
import { compilePlan } from '../src/runtime/executable.ts';
import { openDevice } from '../src/runtime/gpu.ts';
import { stateStore } from '../src/runtime/state.ts';

const batch = Number(process.argv[2] ?? 1);
const [side, heads, depth, window] = [14, 8, 32, 7];
const [tokens, channels] = [side * side, heads * depth];
const shape = [batch, tokens, channels];
const [q, k, v, weights] = [input('q', shape), input('k', shape), input('v', shape), input('weights', shape)];
const key = input('key', [4], 'u32');

const fused = (p: number) =>
  attention(q, k, v, {
    heads,
    neighbours: { height: side, width: side, window },
    dropout: p > 0 ? { p, key, site: 1 } : null,
  });

/** Head first, products in batches, a mask of all tokens by all tokens. */
function unfused(p: number) {
  const headFirst = (x: Value) => permute(reshape(x, [batch, tokens, heads, depth]), [0, 2, 1, 3]);
  const near = (i: number, j: number) => Math.abs(i - j) <= (window - 1) / 2;
  const mask = Array.from({ length: tokens * tokens }, (_, at) => {
    const [i, j] = [Math.floor(at / tokens), at % tokens];
    const hidden = near(Math.floor(i / side), Math.floor(j / side)) && near(i % side, j % side);
    return hidden ? -1e30 : 0;
  });
  const products = scale(matmul(headFirst(q), headFirst(k), { transposeB: true }), 1 / Math.sqrt(depth));
  const all = softmax(add(products, constant(mask, [tokens, tokens])));
  const kept = p > 0 ? dropout(all, p, key, 1) : all;
  return reshape(permute(matmul(kept, headFirst(v)), [0, 2, 1, 3]), shape);
}

/**
 * The two products alone, with heads first already and nothing between them. Its gradients are the four products that
 * attention's have.
 */
const byHead = (name: string) => input(`${name} by head`, [batch, heads, tokens, depth]);
const [qByHead, kByHead, vByHead] = [byHead('q'), byHead('k'), byHead('v')];
const products = () => matmul(matmul(qByHead, kByHead, { transposeB: true }), vByHead);

const gpu = await openDevice();
const state = stateStore(gpu.device, gpu.buffers);

async function measure(label: string, outputs: readonly Value[]): Promise<void> {
  const plan = buildPlan(
    { outputs: new Map(outputs.map((value, i) => [`${i}`, value])), effects: [] },
    gpu.facts,
  );
  const executable = await compilePlan(gpu, plan, state);
  const timing = await sample(replaysOf(gpu, executable));
  executable.destroy();
  const memory = (plan.memory.arenas / 1e6).toFixed(1);
  console.log(`${label.padEnd(36)} ${timing.medianMs.toFixed(2).padStart(9)} ms ${memory.padStart(8)} MB`);
}

console.log(`${gpu.adapter.name}, batch ${batch}`);
for (const [name, run] of Object.entries({ fused, unfused })) {
  await measure(`${name}, forward`, [run(0)]);
  const out = run(0.1);
  await measure(`${name}, gradients with dropout`, grad(sum(mul(out, weights)), [q, k, v]));
}
await measure('products alone, forward', [products()]);
await measure(
  'products alone, gradients',
  grad(sum(mul(products(), byHead('weights'))), [qByHead, kByHead, vByHead]),
);
gpu.device.destroy();
process.exit(0);
