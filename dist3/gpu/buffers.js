import { LimitError } from '../errors.js';
export function bufferMaker(device) {
    const counters = { live: 0, peak: 0, buffers: 0 };
    const made = new Set();
    return {
        counters,
        create(label, bytes, usage) {
            const size = Math.max(16, Math.ceil(bytes / 4) * 4);
            if (size > device.limits.maxBufferSize) {
                throw new LimitError(`${label}: needs a buffer of ${mebibytes(size)}, this adapter allows ${mebibytes(device.limits.maxBufferSize)}`, { fix: 'use a smaller --batch or --size' });
            }
            const buffer = device.createBuffer({ label, size, usage });
            made.add(buffer);
            counters.live += size;
            counters.buffers += 1;
            counters.peak = Math.max(counters.peak, counters.live);
            return buffer;
        },
        destroy(buffer) {
            if (!made.delete(buffer))
                return;
            counters.live -= buffer.size;
            counters.buffers -= 1;
            buffer.destroy();
        },
    };
}
const mebibytes = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
//# sourceMappingURL=buffers.js.map