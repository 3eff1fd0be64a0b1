/**
 * Turns whatever goes wrong on a device into one typed error that every later wait throws: after a GPU error
 * nothing computed can be trusted, so nothing may be written.
 */
export interface DeviceGuard {
    /** @throws the first error of the device, if there was one. */
    check(): void;
    /** `promise`, unless the device fails first. */
    wait<T>(promise: Promise<T>): Promise<T>;
    /** Stops listening; a loss caused by closing the device is then no error. */
    release(): void;
}
/** Listens beside whoever else listens: a handler that the owner of the device set stays in place. */
export declare function guardDevice(device: GPUDevice): DeviceGuard;
/** Runs `body` inside error scopes; what they catch is thrown with `label` in front. */
export declare function scoped<T>(device: GPUDevice, label: string, body: () => T | Promise<T>): Promise<T>;
