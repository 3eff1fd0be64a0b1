import { WeightsError } from '../errors.js';
/** The format's own cap on the header. */
const MAX_HEADER = 100_000_000;
const BITS = {
    BOOL: 8,
    U8: 8,
    I8: 8,
    F8_E5M2: 8,
    F8_E4M3: 8,
    F8_E8M0: 8,
    F8_E4M3FNUZ: 8,
    F8_E5M2FNUZ: 8,
    I16: 16,
    U16: 16,
    F16: 16,
    BF16: 16,
    I32: 32,
    U32: 32,
    F32: 32,
    I64: 64,
    U64: 64,
    F64: 64,
    C64: 64,
    F4: 4,
    F6_E2M3: 6,
    F6_E3M2: 6,
};
/** Reads and checks a header by all of the format's rules. @param lead the file's first 8 bytes. */
export async function parseHeader(path, size, lead, readText) {
    const fail = (what) => {
        throw new WeightsError(`${path}: not a safetensors file: ${what}`);
    };
    if (lead.length < 8)
        return fail(`${size} bytes, expected at least 8`);
    const declared = new DataView(lead.buffer, lead.byteOffset, 8).getBigUint64(0, true);
    if (declared > BigInt(MAX_HEADER) || declared > BigInt(size - 8)) {
        return fail(`its header claims ${declared} bytes in a file of ${size}`);
    }
    const length = Number(declared);
    const bytes = await readText(length);
    if (bytes[0] !== 0x7b)
        return fail('its header does not begin with {');
    let json;
    try {
        json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    }
    catch (error) {
        return fail(`its header is not JSON: ${error.message}`);
    }
    if (!isRecord(json))
        return fail('its header is not an object');
    const metadata = new Map();
    const tensors = new Map();
    for (const [name, value] of Object.entries(json)) {
        if (name === '__metadata__') {
            if (!isRecord(value))
                return fail('__metadata__ is not an object');
            for (const [key, text] of Object.entries(value)) {
                if (typeof text !== 'string')
                    return fail(`metadata ${key} is not a string`);
                metadata.set(key, text);
            }
        }
        else
            tensors.set(name, entryOf(name, value, fail));
    }
    checkTiling(tensors, size - 8 - length, fail);
    return { metadata, tensors, start: 8 + length };
}
const isRecord = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const isCount = (value) => Number.isSafeInteger(value) && value >= 0;
function entryOf(name, value, fail) {
    if (!isRecord(value))
        return fail(`${name} is not an object`);
    const { dtype, shape, data_offsets: offsets } = value;
    if (typeof dtype !== 'string' || !Object.hasOwn(BITS, dtype))
        return fail(`${name} has the unknown dtype ${String(dtype)}`);
    if (!Array.isArray(shape) || !shape.every(isCount))
        return fail(`${name} has the shape ${JSON.stringify(shape)}`);
    if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount)) {
        return fail(`${name} has the offsets ${JSON.stringify(offsets)}`);
    }
    const [begin, end] = offsets;
    const bits = shape.reduce((total, size) => total * size, 1) * BITS[dtype];
    if (!Number.isSafeInteger(bits) || bits % 8 !== 0 || end - begin !== bits / 8) {
        return fail(`${name} ${dtype} [${shape}] needs ${bits / 8} bytes, its offsets give ${end - begin}`);
    }
    return { dtype, shape: shape, begin, end };
}
/** Tensors tile the data: no hole, no overlap, nothing left. Also catches duplicate names, which JSON hides. */
function checkTiling(tensors, length, fail) {
    let at = 0;
    const order = [...tensors].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
    for (const [name, { begin, end }] of order) {
        if (begin !== at)
            fail(`${name} begins at ${begin}, expected ${at}: a hole or an overlap`);
        at = end;
    }
    if (at !== length)
        fail(`its tensors cover ${at} bytes of ${length}`);
}
//# sourceMappingURL=safetensorsHeader.js.map