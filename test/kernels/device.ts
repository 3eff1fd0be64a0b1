import { scoped } from '../../src/gpu/guard.ts';
import { encodeTextureCopy } from '../../src/gpu/submit.ts';
import { layoutOf } from '../../src/kernels/kernel.ts';
import type { Lowered, OperandRef } from '../../src/kernels/lowering.ts';
import { type Gpu, openDevice } from '../../src/runtime/gpu.ts';

/** One device per test file: made at the first use. */
let opened: Promise<Gpu> | undefined;
export const testDevice = (): Promise<Gpu> => {
  opened ??= openDevice();
  return opened;
};

const GUARD = 64;
const POISON = 0x7fc0dead;

/**
 * Runs the dispatches of one op. The result is poisoned first, and guard words follow it inside the binding.
 * @param updated the input that is updated in place and is the result then.
 */
export async function runLowered(
  lowered: Lowered,
  inputs: readonly (Float32Array | Int32Array | Uint32Array)[],
  outLength: number,
  updated?: number,
): Promise<Float32Array> {
  const gpu = await testDevice();
  const { device } = gpu;
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
  const made: (GPUBuffer | GPUTexture)[] = [];
  const make = (words: number, data?: ArrayBufferView): GPUBuffer => {
    const buffer = device.createBuffer({ size: Math.max(16, words * 4), usage });
    if (data) device.queue.writeBuffer(buffer, 0, data as ArrayBufferView<ArrayBuffer>);
    else device.queue.writeBuffer(buffer, 0, new Uint32Array(words).fill(POISON));
    made.push(buffer);
    return buffer;
  };
  const sources = inputs.map((data) => make(data.length, data));
  const out = make(outLength + GUARD);
  const scratch = lowered.scratch.map((words) => make(words));
  const bytes = await scoped(device, 'test', async () => {
    const encoder = device.createCommandEncoder();
    const bufferOf = (ref: OperandRef): GPUBufferBinding => {
      if (ref === 'out') return { buffer: out };
      if (typeof ref === 'number') return { buffer: sources[ref]! };
      if ('scratch' in ref) return { buffer: scratch[ref.scratch]! };
      if ('out' in ref) return { buffer: out, offset: 4 * ref.out };
      return { buffer: sources[ref.input]!, offset: 4 * ref.from };
    };
    for (const { kernel, operands } of lowered.steps) {
      const pipeline = await gpu.pipelines.lease(kernel.label, kernel.wgsl, layoutOf(kernel)).pipeline;
      const entries: GPUBindGroupEntry[] = operands.map((ref, binding) => {
        const { buffer, offset = 0 } = bufferOf(ref);
        const { texture: shape } = kernel.bindings[binding]!;
        if (!shape) return { binding, resource: { buffer, offset } };
        const texture = gpu.buffers.createTexture('test', shape);
        made.push(texture);
        encodeTextureCopy(encoder, { from: buffer, fromOffset: offset, to: texture });
        return { binding, resource: texture.createView({ dimension: '2d-array' }) };
      });
      if (kernel.sizes) {
        const values = Uint32Array.from(Object.values(kernel.sizes));
        const buffer = device.createBuffer({
          size: values.byteLength,
          usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
        });
        device.queue.writeBuffer(buffer, 0, values);
        made.push(buffer);
        entries.push({ binding: entries.length, resource: { buffer } });
      }
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
      pass.dispatchWorkgroups(...kernel.grid);
      pass.end();
    }
    const staging = device.createBuffer({
      size: (outLength + GUARD) * 4,
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    });
    made.push(staging);
    encoder.copyBufferToBuffer(out, 0, staging, 0, staging.size);
    if (updated !== undefined) encoder.copyBufferToBuffer(sources[updated]!, 0, staging, 0, outLength * 4);
    device.queue.submit([encoder.finish()]);
    await staging.mapAsync(GPUMapMode.READ);
    return staging.getMappedRange().slice(0);
  });
  const guard = new Uint32Array(bytes, outLength * 4);
  if (guard.some((word) => word !== POISON)) throw new Error('the kernel wrote past its result');
  for (const thing of made) thing.destroy();
  return new Float32Array(bytes, 0, outLength);
}
