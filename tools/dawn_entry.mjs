// What Dawn's Node module does when the object that `create()` returned is collected while its device is in use: the
// process aborts (134), faults (139) or waits for ever. Nothing of wgad is in it. `--keep` holds the object: exit 0.
// Usage: node --expose-gc tools/dawn_entry.mjs [--keep] [devices]
import { create, globals } from 'webgpu';

Object.assign(globalThis, globals);
const keep = process.argv.includes('--keep');
const count = Number(process.argv.findLast((arg) => /^\d+$/.test(arg)) ?? 30);
const held = [];

async function openDevice() {
  const gpu = create([]);
  if (keep) held.push(gpu);
  const adapter = await gpu.requestAdapter();
  return adapter.requestDevice();
}

for (let i = 0; i < count; i++) {
  const device = await openDevice();
  const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
  const buffers = Array.from({ length: 8 }, () => device.createBuffer({ size: 1024, usage }));
  gc();
  const maps = Promise.allSettled(buffers.map((buffer) => buffer.mapAsync(GPUMapMode.READ)));
  await new Promise((next) => setTimeout(next, 1));
  gc();
  const done = device.queue.onSubmittedWorkDone().catch(() => {});
  gc();
  await maps;
  device.destroy();
  gc();
  await done;
}
console.log(`${count} devices`);
