import { ShapeError, WgadError } from '../errors.js';
import { alignBytes } from '../graph/plan.js';
import { product } from '../shape.js';
export function stateStore(device, buffers) {
    const held = new Map();
    const lengths = new Map();
    const known = (found, name) => {
        if (found === undefined)
            throw new WgadError('E_CONFIG', `state ${name} has not been set`);
        return found;
    };
    const remove = (name) => {
        const buffer = held.get(name);
        if (buffer)
            buffers.destroy(buffer);
        held.delete(name);
        lengths.delete(name);
    };
    return {
        set(name, data, shape) {
            if (data.length !== product(shape)) {
                throw new ShapeError(`state ${name}: expects ${product(shape)} numbers, got ${data.length}`);
            }
            let buffer = held.get(name);
            const bytes = alignBytes(data.byteLength);
            if (buffer && buffer.size !== bytes) {
                remove(name);
                buffer = undefined;
            }
            if (!buffer) {
                const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
                buffer = buffers.create(`state ${name}`, bytes, usage);
                held.set(name, buffer);
            }
            lengths.set(name, data.length);
            device.queue.writeBuffer(buffer, 0, data);
        },
        buffer: (name) => known(held.get(name), name),
        length: (name) => known(lengths.get(name), name),
        has: (name) => held.has(name),
        delete: remove,
        clear() {
            for (const name of [...held.keys()])
                remove(name);
        },
    };
}
/** Bytes on the device as numbers of `dtype`. */
export function numbersFrom(bytes, dtype) {
    if (dtype === 'i32')
        return new Int32Array(bytes);
    if (dtype === 'u32')
        return new Uint32Array(bytes);
    if (dtype === 'f16')
        return halfToFloat(new Uint16Array(bytes));
    return new Float32Array(bytes);
}
function halfToFloat(halves) {
    return Float32Array.from(halves, (bits) => {
        const sign = bits & 0x8000 ? -1 : 1;
        const exponent = (bits >> 10) & 31;
        const fraction = bits & 1023;
        if (exponent === 31)
            return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
        return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
    });
}
//# sourceMappingURL=state.js.map