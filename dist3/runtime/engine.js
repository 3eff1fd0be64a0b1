import { DtypeError, ShapeError, WgadError } from '../errors.js';
import { buildPlan } from '../graph/buildPlan.js';
import { input, state } from '../graph/value.js';
import { product, shapeText } from '../shape.js';
import { compilePlan } from './executable.js';
import { openDevice } from './gpu.js';
import { readBuffer } from './readBuffer.js';
import { stateStore } from './state.js';
import { flattenTree, mapTree } from './tree.js';
/** Opens a device and runs functions of values on it. */
export class Engine {
    gpu;
    #tensors;
    #executables = new Set();
    #made = 0;
    constructor(gpu) {
        this.gpu = gpu;
        this.#tensors = stateStore(gpu.device, gpu.buffers);
    }
    /**
     * @param options `adapter`: part of a name or an index; `device`: bring your own (never destroyed here).
     * @throws GpuError E_NO_ADAPTER with what to do on this system.
     */
    static async create(options = {}) {
        return new Engine(await openDevice(options));
    }
    get adapter() {
        return this.gpu.adapter;
    }
    get facts() {
        return this.gpu.facts;
    }
    /** A device tensor from row-major numbers. dtype follows the array: Int32Array is i32, Uint32Array u32. */
    tensor(data, shape) {
        if (data.length !== product(shape)) {
            throw new ShapeError(`tensor: shape ${shapeText(shape)} expects ${product(shape)} numbers, got ${data.length}`);
        }
        const numbers = data instanceof Int32Array || data instanceof Uint32Array || data instanceof Float32Array
            ? data
            : Float32Array.from(data);
        const dtype = numbers instanceof Int32Array ? 'i32' : numbers instanceof Uint32Array ? 'u32' : 'f32';
        const name = this.#nextName();
        this.#tensors.set(name, numbers, shape);
        return this.#wrap(name, shape, dtype);
    }
    /**
     * `fn` traced once per set of argument shapes, planned, and replayed at every call.
     * @param fn a function of values; device tensors it captures are used in place.
     */
    compile(fn, options = {}) {
        const traced = new Map();
        return async (...args) => {
            const tree = args;
            const leaves = flattenTree(tree, isTensor);
            const key = leaves.map(([path, tensor]) => `${path}:${tensor.shape}:${tensor.dtype}`).join(';');
            const known = traced.get(key);
            const made = known ?? this.#trace(fn, tree, options);
            if (!known)
                traced.set(key, made);
            return this.#call(await made, leaves);
        };
    }
    /** Bytes: in use now, the most so far; `buffers` counts them. Constant over repeated calls of one function. */
    memory() {
        return { ...this.gpu.buffers.counters, pipelines: this.gpu.pipelines.size };
    }
    /** Frees everything made here; a device that the caller brought stays open. */
    dispose() {
        for (const executable of this.#executables)
            executable.destroy();
        this.#tensors.clear();
        this.gpu.close();
    }
    [Symbol.dispose]() {
        this.dispose();
    }
    async #trace(fn, args, options) {
        const label = options.label ?? (fn.name || 'function');
        const values = mapTree(args, isTensor, (tensor, path) => input(path, tensor.shape, tensor.dtype));
        const result = fn(...values);
        const outputs = new Map(flattenTree(result, isValue));
        if (outputs.size === 0)
            throw new WgadError('E_CONFIG', `${label}: expects to return at least one value`);
        const plan = buildPlan({ outputs, effects: [] }, this.facts, { label, fuse: options.fuse });
        const executable = await compilePlan(this.gpu, plan, this.#tensors);
        this.#executables.add(executable);
        return { executable, result };
    }
    #call({ executable, result }, leaves) {
        const encoder = this.gpu.device.createCommandEncoder({ label: `${executable.plan.label} arguments` });
        for (const [path, tensor] of leaves) {
            const target = executable.inputs.get(path);
            if (!target)
                continue; // not read
            const source = this.#tensors.buffer(nameOf(tensor.value));
            encoder.copyBufferToBuffer(source, 0, target.buffer, 0, Math.ceil(target.tensor.range.bytes / 4) * 4);
        }
        this.gpu.device.queue.submit([encoder.finish()]);
        executable.run();
        return mapTree(result, isValue, (value, path) => this.#keep(executable, value, path));
    }
    /** A result of a run as a tensor of its own, which later runs do not overwrite. */
    #keep(executable, value, path) {
        const { buffer, tensor } = executable.outputs.get(path);
        const name = this.#nextName();
        const bytes = Math.ceil(tensor.range.bytes / 4);
        this.#tensors.set(name, new Uint32Array(bytes), [bytes]);
        const encoder = this.gpu.device.createCommandEncoder({ label: `${executable.plan.label} results` });
        encoder.copyBufferToBuffer(buffer, tensor.range.offset, this.#tensors.buffer(name), 0, bytes * 4);
        this.gpu.device.queue.submit([encoder.finish()]);
        return this.#wrap(name, value.shape, value.dtype);
    }
    #nextName() {
        this.#made += 1;
        return `tensor ${this.#made}`;
    }
    #wrap(name, shape, dtype) {
        return {
            value: state(name, shape, dtype),
            shape,
            dtype,
            data: () => readBuffer(this.gpu, this.#tensors.buffer(name), product(shape), dtype),
            dispose: () => this.#tensors.delete(name),
        };
    }
}
const nameOf = (value) => value.attrs.name;
const isValue = (node) => typeof node === 'object' && node !== null && 'op' in node && 'inputs' in node;
function isTensor(node) {
    if (typeof node !== 'object' || node === null) {
        throw new DtypeError(`a compiled function expects tensors (engine.tensor(data, shape)), got ${typeof node}`);
    }
    return 'value' in node && isValue(node.value);
}
//# sourceMappingURL=engine.js.map