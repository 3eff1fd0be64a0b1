import { LimitError, ShapeError, WgadError } from '../errors.js';
import { scoped } from '../gpu/guard.js';
import { chunkDispatches, submit } from '../gpu/submit.js';
import { product, shapeText } from '../shape.js';
import { numbersFrom } from './state.js';
/** Milliseconds of work per submit that keep drivers' watchdogs quiet and Ctrl-C prompt. */
const SUBMIT_MS = 200;
/**
 * Makes `plan` runnable. `state` holds the buffers of its state slots.
 * @throws LimitError where a tensor exceeds what the adapter binds; GpuError where memory runs out.
 */
export async function compilePlan(gpu, plan, state) {
    checkLimits(gpu, plan);
    const owned = [];
    const slots = await scoped(gpu.device, plan.label, () => plan.slots.map((slot, i) => {
        if (slot.kind === 'state')
            return state.buffer(slot.name);
        const label = `${plan.label} ${slot.kind} ${'name' in slot ? slot.name : i}`;
        const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
        const buffer = gpu.buffers.create(label, slot.bytes, usage);
        owned.push(buffer);
        if (slot.kind === 'constants')
            gpu.device.queue.writeBuffer(buffer, 0, plan.constants);
        return buffer;
    }));
    const dispatches = await compileDispatches(gpu, plan, slots);
    const outputs = [...plan.outputs];
    const staging = stagingBuffer(gpu, plan, outputs);
    owned.push(staging.buffer);
    const budget = SUBMIT_MS / 1000;
    const chunks = chunkDispatches(dispatches, budget);
    return {
        plan,
        inputs: bound(plan.inputs, slots),
        outputs: bound(plan.outputs, slots),
        run(inputs = {}) {
            gpu.guard.check();
            upload(gpu, plan, slots, inputs);
            for (const [i, chunk] of chunks.entries()) {
                submit(gpu.device, `${plan.label} ${i + 1}/${chunks.length}`, chunk);
            }
        },
        async read(names = outputs.map(([name]) => name)) {
            const copies = [];
            const places = names.map((name) => {
                const place = staging.places.get(name);
                const tensor = plan.outputs.get(name);
                if (place === undefined || !tensor) {
                    throw new WgadError('E_CONFIG', `${plan.label} has no output ${name}; it has ${[...plan.outputs.keys()]}`);
                }
                copies.push(copyOf(tensor.range, slots, staging.buffer, place));
                return { name, place, tensor };
            });
            submit(gpu.device, `${plan.label} read`, [], copies);
            await gpu.guard.wait(staging.buffer.mapAsync(GPUMapMode.READ));
            const mapped = staging.buffer.getMappedRange();
            const results = new Map(places.map(({ name, place, tensor }) => [
                name,
                numbersFrom(mapped.slice(place, place + tensor.range.bytes), tensor.dtype),
            ]));
            staging.buffer.unmap();
            return results;
        },
        destroy() {
            for (const buffer of owned)
                gpu.buffers.destroy(buffer);
            owned.length = 0;
        },
    };
}
const bound = (tensors, slots) => new Map([...tensors].map(([name, tensor]) => [name, { buffer: slots[tensor.range.slot], tensor }]));
/** All pipelines at once and asynchronously: repeated layers share one text and so one compilation. */
async function compileDispatches(gpu, plan, slots) {
    return gpu.guard.wait(Promise.all(plan.dispatches.map(async (planned) => {
        const { kernel, ranges } = planned;
        const pipeline = await gpu.pipelines.get(kernel.label, kernel.wgsl, kernel.bindings);
        const bindGroup = gpu.device.createBindGroup({
            label: kernel.label,
            layout: pipeline.getBindGroupLayout(0),
            entries: ranges.map(({ slot, offset, bytes }, binding) => ({
                binding,
                resource: { buffer: slots[slot], offset, size: bytes },
            })),
        });
        return { label: kernel.label, pipeline, bindGroup, grid: kernel.grid, cost: secondsOf(gpu, planned) };
    })));
}
/** A rough guess, on the slow side, of how long a dispatch takes: it only decides where submits are cut. */
function secondsOf(gpu, { kernel }) {
    const [flopRate, byteRate, overhead] = gpu.facts.software ? [4e9, 1e9, 2e-5] : [5e11, 5e10, 5e-6];
    return Math.max(kernel.flops / flopRate, kernel.bytes / byteRate) + overhead;
}
function checkLimits(gpu, plan) {
    for (const { kernel, ranges } of plan.dispatches) {
        ranges.forEach((range, i) => {
            if (range.bytes <= gpu.facts.maxBindingBytes)
                return;
            throw new LimitError(`${kernel.label}: ${kernel.bindings[i].name} needs a binding of ${range.bytes} bytes, this adapter allows ${gpu.facts.maxBindingBytes}`, { fix: 'use a smaller --batch or --size', where: plan.label });
        });
    }
}
function upload(gpu, plan, slots, inputs) {
    for (const [name, data] of Object.entries(inputs)) {
        const tensor = plan.inputs.get(name);
        if (!tensor)
            continue; // an input that the simplified graph no longer reads
        if (data.length !== product(tensor.shape)) {
            throw new ShapeError(`${plan.label}: input ${name} expects ${shapeText(tensor.shape)}, got ${data.length} numbers`);
        }
        gpu.device.queue.writeBuffer(slots[tensor.range.slot], 0, data);
    }
}
function stagingBuffer(gpu, plan, outputs) {
    const places = new Map();
    let bytes = 0;
    for (const [name, tensor] of outputs) {
        places.set(name, bytes);
        bytes += Math.ceil(tensor.range.bytes / 8) * 8;
    }
    const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
    return { buffer: gpu.buffers.create(`${plan.label} read-back`, bytes, usage), places };
}
const copyOf = (range, slots, to, toOffset) => ({
    from: slots[range.slot],
    fromOffset: range.offset,
    to,
    toOffset,
    bytes: Math.ceil(range.bytes / 4) * 4,
});
//# sourceMappingURL=executable.js.map