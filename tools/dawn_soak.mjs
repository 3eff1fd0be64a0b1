// What Dawn and the driver keep by themselves: the calls that a training step and a new shape make, without wgad. Its
// figures stand in docs/library.md beside wgad's (`npm run test:faults -- --kind soak`).
//
//   node --expose-gc tools/dawn_soak.mjs steps [count]    KB a step: copies, dispatches, five new buffers, a read-back
//   node --expose-gc tools/dawn_soak.mjs shapes [count]   KB a shape: each a pipeline, used once and dropped
import { create, globals } from 'webgpu';

Object.assign(globalThis, globals);
const [what = 'steps', count = what === 'steps' ? '10000' : '500'] = process.argv.slice(2);
const LOOKS = 10;
const { STORAGE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;

// Collected while its device is in use, it would take the process with it.
const gpu = create([]);
globalThis.kept = gpu;
const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
const device = await adapter.requestDevice();
const buffer = () => device.createBuffer({ size: 4096, usage: STORAGE | COPY_SRC | COPY_DST });
const [from, to] = [buffer(), buffer()];

async function kernel(terms) {
  const code = `@group(0) @binding(0) var<storage, read> x: array<f32>;
    @group(0) @binding(1) var<storage, read_write> y: array<f32>;
    @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
      var s = 0f;
      for (var k = 0u; k < ${terms}u; k++) { s += x[(id.x + k) % 1000u] * x[k % 1000u]; }
      y[id.x] = s;
    }`;
  const module = device.createShaderModule({ code });
  const pipeline = await device.createComputePipelineAsync({
    layout: 'auto',
    compute: { module, entryPoint: 'main' },
  });
  const entries = [from, to].map((each, binding) => ({ binding, resource: { buffer: each } }));
  return { pipeline, group: device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }) };
}

function dispatch(encoder, { pipeline, group }, times) {
  const pass = encoder.beginComputePass();
  for (let i = 0; i < times; i++) {
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(1);
  }
  pass.end();
}

const fixed = await kernel(1);
async function step() {
  for (let i = 0; i < 2; i++) {
    const encoder = device.createCommandEncoder();
    for (let k = 0; k < 5; k++) encoder.copyBufferToBuffer(from, 0, to, 0, 1024);
    dispatch(encoder, fixed, 10);
    device.queue.submit([encoder.finish()]);
  }
  device.queue.writeBuffer(from, 0, new Float32Array(32));
  const results = Array.from({ length: 4 }, buffer);
  const staging = device.createBuffer({ size: 256, usage: MAP_READ | COPY_DST });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(to, 0, staging, 0, 256);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  staging.getMappedRange().slice(0);
  for (const each of [...results, staging]) each.destroy();
}

async function shape(i) {
  const encoder = device.createCommandEncoder();
  dispatch(encoder, await kernel(2 + i), 1);
  device.queue.submit([encoder.finish()]);
  await device.queue.onSubmittedWorkDone();
}

async function look(name) {
  for (let round = 0; round < 4; round++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    globalThis.gc();
  }
  const { rss, heapUsed } = process.memoryUsage();
  console.log(
    `${name}: process ${(rss / 2 ** 20).toFixed(1)} MiB, heap ${(heapUsed / 2 ** 20).toFixed(1)} MiB`,
  );
  return rss / 1024;
}

await look('open');
let half = 0;
let end = 0;
for (let i = 1; i <= Number(count); i++) {
  await (what === 'steps' ? step() : shape(i));
  if (i % Math.ceil(count / LOOKS) === 0) end = await look(`${i} ${what}`);
  if (half === 0 && i >= count / 2) half = end;
}
console.log(`second half: ${((end - half) / (count / 2)).toFixed(2)} KB each`);
device.destroy();
await look('device destroyed');
process.exit(0);
