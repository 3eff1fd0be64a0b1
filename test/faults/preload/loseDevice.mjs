// Loaded before the command line (NODE_OPTIONS=--import): takes the device away under it at one of its own calls, as a
// driver would. The product knows nothing of it. LOSE_DEVICE_AT: at which call, counted from 0 over all devices; the
// number of calls there were is written to LOSE_DEVICE_COUNT.
import { writeFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const at = Number(process.env.LOSE_DEVICE_AT ?? Number.NaN);
const counted = process.env.LOSE_DEVICE_COUNT;
let calls = 0;
let device;

/** Every call after which a device can be lost: before it the call fails, after it what it awaits does. */
function watch(prototype, name, deviceOf) {
  const plain = prototype[name];
  prototype[name] = function (...args) {
    const own = deviceOf(this) ?? device;
    const mine = calls++;
    if (mine === at && mine % 2 === 0) own?.destroy();
    const result = plain.apply(this, args);
    if (mine === at && mine % 2 === 1) own?.destroy();
    return result;
  };
}

if (isMainThread) {
  const { globals } = await import('webgpu');
  const { GPUAdapter, GPUBuffer, GPUDevice, GPUQueue } = globals;
  const request = GPUAdapter.prototype.requestDevice;
  GPUAdapter.prototype.requestDevice = async function (...args) {
    device = await request.apply(this, args);
    return device;
  };
  const itself = (own) => own;
  const last = () => undefined;
  for (const name of ['createBuffer', 'createComputePipelineAsync', 'createBindGroup', 'popErrorScope']) {
    watch(GPUDevice.prototype, name, itself);
  }
  for (const name of ['submit', 'writeBuffer', 'onSubmittedWorkDone']) watch(GPUQueue.prototype, name, last);
  for (const name of ['mapAsync', 'getMappedRange']) watch(GPUBuffer.prototype, name, last);
  if (counted) process.on('exit', () => writeFileSync(counted, String(calls)));
}
