/** Facts of devices for building plans without a device: to read kernels, and to show which have changed. */
import { BASELINE_DEVICE, type DeviceFacts } from './kernel.ts';

export const DEVICES = {
  /** Mesa's lavapipe with vectors of eight lanes. */
  cpu: {
    ...BASELINE_DEVICE,
    software: true,
    subgroupSize: 8,
    f16: true,
    maxStorageBuffers: 16,
    maxWorkgroupInvocations: 1024,
    workgroupBytes: 32_768,
    maxImageSide: 16_384,
    maxImageLayers: 2048,
  },
  /** What WebGPU guarantees of every GPU. */
  gpu: BASELINE_DEVICE,
  /** A large GPU with all optional features except subgroup matrices, which must be requested explicitly. */
  'gpu-f16': {
    software: false,
    subgroupSize: 32,
    f16: true,
    maxStorageBuffers: 16,
    maxWorkgroupInvocations: 1024,
    workgroupBytes: 49_152,
    maxBindingBytes: 2 ** 31 - 4,
    maxImageSide: 32_768,
    maxImageLayers: 2048,
  },
} as const satisfies Readonly<Record<string, DeviceFacts>>;
