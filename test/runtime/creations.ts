import { globals } from 'webgpu';

/** What costs when it is made anew at every step. Command encoders are made for every submit: WebGPU has no other way. */
const MAKERS = [
  'createBuffer',
  'createTexture',
  'createBindGroup',
  'createBindGroupLayout',
  'createPipelineLayout',
  'createShaderModule',
  'createComputePipeline',
  'createComputePipelineAsync',
] as const;

type Device = Record<string, (...args: unknown[]) => unknown>;

/** Counts what any device of this process makes, until it is stopped. */
export function countCreations(): { count(): number; stop(): void } {
  const prototype = (globals as unknown as { GPUDevice: { prototype: Device } }).GPUDevice.prototype;
  const own = MAKERS.map((name) => [name, prototype[name]!] as const);
  let made = 0;
  for (const [name, make] of own) {
    prototype[name] = function (this: unknown, ...args: unknown[]) {
      made += 1;
      return make.apply(this, args);
    };
  }
  return {
    count: () => made,
    stop() {
      for (const [name, make] of own) prototype[name] = make;
    },
  };
}
