import { GpuError } from '../errors.js';
/** Listens beside whoever else listens: a handler that the owner of the device set stays in place. */
export function guardDevice(device) {
    let failure;
    let released = false;
    let reject;
    const failed = new Promise((_, onFailure) => {
        reject = onFailure;
    });
    failed.catch(() => { });
    const fail = (error) => {
        if (released)
            return;
        failure ??= error;
        reject(failure);
    };
    const onError = (event) => fail(fromGpu(event.error));
    device.addEventListener('uncapturederror', onError);
    void device.lost.then((info) => {
        fail(new GpuError('E_DEVICE_LOST', `the GPU device was lost (${info.reason}): ${info.message}`, {
            fix: 'resume from the last checkpoint with --resume',
        }));
    });
    const check = () => {
        if (failure)
            throw failure;
    };
    return {
        check,
        async wait(promise) {
            check();
            const result = await Promise.race([promise, failed]);
            check();
            return result;
        },
        release() {
            released = true;
            device.removeEventListener('uncapturederror', onError);
        },
    };
}
/** Runs `body` inside error scopes; what they catch is thrown with `label` in front. */
export async function scoped(device, label, body) {
    const kinds = ['internal', 'out-of-memory', 'validation'];
    for (const kind of kinds)
        device.pushErrorScope(kind);
    let result;
    let thrown;
    try {
        result = await body();
    }
    catch (error) {
        thrown = error;
    }
    const errors = await Promise.all(kinds.map(() => device.popErrorScope()));
    const first = errors.find((error) => error !== null);
    if (first)
        throw fromGpu(first, label);
    if (thrown !== undefined)
        throw thrown;
    return result;
}
function fromGpu(error, label = 'GPU') {
    const outOfMemory = error.constructor.name === 'GPUOutOfMemoryError';
    return new GpuError(outOfMemory ? 'E_OUT_OF_MEMORY' : 'E_GPU', `${label}: ${error.message}`, {
        fix: outOfMemory
            ? 'use a smaller --batch or --size'
            : 'this is a fault of wgad or of the driver: please report it',
    });
}
//# sourceMappingURL=guard.js.map