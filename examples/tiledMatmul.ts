/** A matrix product of one's own: checked, against the roofline, two variants by turns, then beside the engine's. `npx tsx examples/tiledMatmul.ts 512` */
import { Engine, matmul } from 'wgad';
import { type BenchSubject, formatRecords, measureByTurns, measurePace } from 'wgad/bench';

const n = Number(process.argv[2] ?? 512);
const TILE = 16;
const operands = [{ shape: [n, n] }, { shape: [n, n] }];
const engine = await Engine.create();

/** A tile of both operands in the workgroup's memory; each invocation has `rows` results below one another in registers. */
function tiled(rows: number): BenchSubject {
  const name = `tiled, ${rows} a thread`;
  const kernel = engine.kernel({
    ...{ name, inputs: ['a', 'b'], outputs: { c: [n, n] } },
    wgsl: `
      var<workgroup> left: array<array<f32, ${TILE}>, ${TILE * rows}>;
      var<workgroup> right: array<array<f32, ${TILE}>, ${TILE}>;
      @compute @workgroup_size(${TILE}, ${TILE})
      fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) at: vec3u) {
        let row = group.y * ${TILE * rows}u + at.y;
        let column = group.x * ${TILE}u + at.x;
        var sums: array<f32, ${rows}>;
        for (var k = 0u; k < ${n}u; k += ${TILE}u) {
          for (var r = 0u; r < ${rows}u; r++) {
            left[at.y + r * ${TILE}u][at.x] = a[(row + r * ${TILE}u) * ${n}u + k + at.x];
          }
          right[at.y][at.x] = b[(k + at.y) * ${n}u + column];
          workgroupBarrier();
          for (var i = 0u; i < ${TILE}u; i++) {
            for (var r = 0u; r < ${rows}u; r++) { sums[r] += left[at.y + r * ${TILE}u][i] * right[i][at.x]; }
          }
          workgroupBarrier();
        }
        for (var r = 0u; r < ${rows}u; r++) { c[(row + r * ${TILE}u) * ${n}u + column] = sums[r]; }
      }`,
    grid: [n / TILE, n / TILE / rows],
    flops: () => 2 * n ** 3,
  });
  return { name, fn: (a, b) => kernel(a, b), operands };
}

/** In float64. */
function reference(a: ArrayLike<number>, b: ArrayLike<number>): Float64Array {
  const c = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < n; k++) for (let j = 0; j < n; j++) c[i * n + j]! += a[i * n + k]! * b[k * n + j]!;
  }
  return c;
}

const options = { expected: reference, pace: await measurePace(engine), samples: 5 };
const ours: BenchSubject = { name: 'matmul', fn: (a, b) => matmul(a, b), operands };
const [one, four] = [tiled(1), tiled(4)];
for (const pair of [[one, four] as const, [four, ours] as const]) {
  const { records, difference } = await measureByTurns(engine, pair, options);
  console.log(`${formatRecords(records)}\nlargest difference ${difference!.toExponential(1)}\n`);
}
engine.dispose();
