import { open } from 'node:fs/promises';
import { FileError, WeightsError } from '../errors.js';
import { product, shapeText } from '../shape.js';
import { atomicFile } from './atomicFile.js';
import { parseHeader } from './safetensorsHeader.js';
/**
 * Opens a safetensors file and checks its header completely (weights.md section 5) before any tensor is read.
 * @throws FileError where it cannot be opened; WeightsError where it is not a well-formed file.
 */
export async function openSafetensors(path) {
    const file = await open(path, 'r').catch((cause) => {
        throw new FileError(`${path}: could not be opened: ${cause.message}`, { cause });
    });
    try {
        const { size } = await file.stat();
        const readBytes = async (from, length) => {
            const bytes = new Uint8Array(length);
            const { bytesRead } = await file.read(bytes, 0, length, from);
            if (bytesRead !== length)
                throw new WeightsError(`${path}: ends at byte ${from + bytesRead}, expected ${from + length}`);
            return bytes;
        };
        const lead = size >= 8 ? await readBytes(0, 8) : new Uint8Array(0);
        const header = parseHeader(path, size, lead, (length) => readBytes(8, length));
        const { metadata, tensors, start } = await header;
        return {
            metadata,
            tensors,
            async read(name) {
                const entry = tensors.get(name);
                if (!entry)
                    throw new WeightsError(`${path}: has no tensor ${name}`);
                const bytes = await readBytes(start + entry.begin, entry.end - entry.begin);
                return toFloats(path, name, entry, bytes);
            },
            close: () => file.close(),
        };
    }
    catch (error) {
        await file.close();
        throw error;
    }
}
/** All float tensors of a file and its metadata. */
export async function readSafetensors(path) {
    const file = await openSafetensors(path);
    try {
        const tensors = new Map();
        for (const [name, { shape }] of file.tensors)
            tensors.set(name, { shape, data: await file.read(name) });
        return { metadata: file.metadata, tensors };
    }
    finally {
        await file.close();
    }
}
/** Writes float32 (or int32) tensors in name order: same tensors, same bytes. */
export async function writeSafetensors(path, tensors, metadata = {}) {
    const names = [...tensors.keys()].sort();
    const header = {};
    if (Object.keys(metadata).length > 0)
        header.__metadata__ = metadata;
    let offset = 0;
    for (const name of names) {
        const { shape, data } = tensors.get(name);
        if (product(shape) !== data.length) {
            throw new WeightsError(`${name}: shape ${shapeText(shape)} does not hold ${data.length} numbers`);
        }
        const dtype = data instanceof Int32Array ? 'I32' : 'F32';
        header[name] = { dtype, shape, data_offsets: [offset, offset + data.byteLength] };
        offset += data.byteLength;
    }
    const text = new TextEncoder().encode(JSON.stringify(header));
    // Readers that map the file want the data at a multiple of 8.
    const padded = Math.ceil(text.length / 8) * 8;
    const lead = new Uint8Array(8 + padded).fill(0x20);
    new DataView(lead.buffer).setBigUint64(0, BigInt(padded), true);
    lead.set(text, 8);
    await atomicFile(path, async (write) => {
        await write(lead);
        for (const name of names) {
            const { data } = tensors.get(name);
            await write(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
        }
    });
}
function toFloats(path, name, { dtype }, bytes) {
    const buffer = bytes.buffer;
    switch (dtype) {
        case 'F32':
            return new Float32Array(buffer);
        case 'F64':
            return Float32Array.from(new Float64Array(buffer));
        case 'BF16':
            return new Float32Array(Uint32Array.from(new Uint16Array(buffer), (bits) => bits << 16).buffer);
        case 'F16':
            return Float32Array.from(new Uint16Array(buffer), halfToFloat);
        default:
            throw new WeightsError(`${path}: ${name} is ${dtype}; expected F32, F16, BF16 or F64`);
    }
}
/** Exact, subnormals and non-finite values included. */
export function halfToFloat(bits) {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    if (exponent === 31)
        return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
    return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
//# sourceMappingURL=safetensors.js.map