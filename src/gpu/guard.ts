import { GpuError, WgadError } from '../errors.ts';
import type { GPUDevice, GPUError } from './webgpuTypes.ts';

const RUN_AGAIN = 'run it again; a training goes on from its last checkpoint';

/**
 * Turns whatever goes wrong on a device into one typed error that every later wait throws: after a GPU error
 * nothing computed can be trusted, so nothing may be written.
 */
export interface DeviceGuard {
  /** @throws the first error of the device, if there was one. */
  check(): void;
  /** Whether the device has had no error. */
  isSound(): boolean;
  /** `promise`, unless the device fails first: then it rejects with the device's error. */
  wait<T>(promise: Promise<T>): Promise<T>;
  /**
   * The device's error, if `error` was caused by one. A lost device rejects pending waits and drops its buffers shortly
   * before it reports the loss.
   */
  explain(error: unknown): Promise<unknown>;
  /**
   * Stops listening; a loss caused by closing the device is then no error. @param afterwards what every wait throws
   * from now on, those in progress too.
   */
  release(afterwards?: WgadError): void;
}

/** Adds a listener; a handler set by the device's owner stays in place. */
export function guardDevice(device: GPUDevice): DeviceGuard {
  let failure: WgadError | undefined;
  let released = false;
  // One entry per wait in progress. Racing against a single failure promise would keep all past waits in memory.
  const waiting = new Set<(error: WgadError) => void>();
  const fail = (error: WgadError): void => {
    if (released) return;
    failure ??= error;
    for (const reject of waiting) reject(failure);
  };
  const onError = (event: Event): void => fail(fromGpu((event as GPUUncapturedErrorEvent).error));
  device.addEventListener('uncapturederror', onError);
  const onLost = ({ reason, message }: GPUDeviceLostInfo): void =>
    fail(
      new GpuError('E_DEVICE_LOST', `the GPU device was lost (${reason}): ${message}`, { fix: RUN_AGAIN }),
    );
  device.lost.then(onLost, () => {});
  const check = (): void => {
    if (failure) throw failure;
  };
  const explain = async (error: unknown): Promise<unknown> => {
    if (!failure && !released && mayBeLoss(error)) {
      const said = new Promise<void>((settle) => setTimeout(settle, LAST_WORDS_MS));
      await Promise.race([device.lost, said]);
    }
    return failure ?? error;
  };
  return {
    check,
    isSound: () => failure === undefined,
    explain,
    wait(promise) {
      return new Promise((resolve, reject) => {
        const settle = (then: () => void) => {
          waiting.delete(reject);
          if (failure) reject(failure);
          else then();
        };
        waiting.add(reject);
        // Handle it even if the device has already failed, or its rejection would be unhandled.
        promise.then(
          (result) => settle(() => resolve(result)),
          (error: unknown) => explain(error).then((reason) => settle(() => reject(reason))),
        );
        if (failure) reject(failure);
      });
    },
    release(afterwards) {
      if (afterwards) fail(afterwards);
      released = true;
      device.removeEventListener('uncapturederror', onError);
    },
  };
}

/** How long a device may take to report its loss. */
const LAST_WORDS_MS = 500;

/**
 * Whether the loss of the device may be behind an error. A lost device rejects mappings and compilations without a
 * reason; other failures carry their own cause.
 */
function mayBeLoss(error: unknown): boolean {
  if (error instanceof WgadError) return error.code === 'E_GPU' && mayBeLoss(error.cause);
  if (!(error instanceof Error)) return false;
  const { name, reason } = error as Error & { reason?: string };
  if (name === 'GPUPipelineError') return reason !== 'validation';
  // Bytes that are mapped are taken away with their device.
  if (error instanceof TypeError) return /detached/i.test(error.message);
  return name === 'AbortError' || name === 'OperationError';
}

/** What the innermost error scope caught. @throws GpuError E_DEVICE_LOST: a lost device has no scopes. */
export function popErrorScope(device: GPUDevice, label: string): Promise<GPUError | null> {
  const caught = device.popErrorScope().catch((cause: Error) => {
    throw new GpuError('E_DEVICE_LOST', `${label}: the GPU device was lost: ${cause.message}`, {
      fix: RUN_AGAIN,
      cause,
    });
  });
  // The first scope that fails is reported; errors of the others are ignored.
  caught.catch(() => {});
  return caught;
}

/** Runs `body` inside error scopes; what they catch is thrown with `label` in front. */
export async function scoped<T>(device: GPUDevice, label: string, body: () => T | Promise<T>): Promise<T> {
  const kinds: GPUErrorFilter[] = ['internal', 'out-of-memory', 'validation'];
  for (const kind of kinds) device.pushErrorScope(kind);
  let result: T | undefined;
  let thrown: unknown;
  try {
    result = await body();
  } catch (error) {
    thrown = error;
  }
  const errors = await Promise.all(kinds.map(() => popErrorScope(device, label)));
  const first = errors.find((error) => error !== null);
  if (first) throw fromGpu(first, label);
  if (thrown !== undefined) throw thrown;
  return result as T;
}

function fromGpu(error: GPUError, label = 'GPU'): GpuError {
  const outOfMemory = error.constructor.name === 'GPUOutOfMemoryError';
  return new GpuError(outOfMemory ? 'E_OUT_OF_MEMORY' : 'E_GPU', `${label}: ${error.message}`, {
    fix: outOfMemory
      ? 'use a smaller batch or size'
      : 'this is a fault of wgad or of the driver: please report it',
  });
}
