/**
 * WebGPU's types for declarations that users compile: those of TypeScript's DOM library (from 6.0 on) or of
 * `@webgpu/types`, whichever the program has, and `object` if it has neither. Using the global names directly would
 * require one of them, and a program cannot have both.
 */
type Global<Name extends string> =
  typeof globalThis extends Record<Name, { prototype: infer Kind }> ? Kind : object;

export type GPU = Global<'GPU'>;
export type GPUAdapter = Global<'GPUAdapter'>;
export type GPUBindGroup = Global<'GPUBindGroup'>;
export type GPUBuffer = Global<'GPUBuffer'>;
export type GPUCommandEncoder = Global<'GPUCommandEncoder'>;
export type GPUComputePipeline = Global<'GPUComputePipeline'>;
export type GPUDevice = Global<'GPUDevice'>;
export type GPUError = Global<'GPUError'>;
export type GPUQuerySet = Global<'GPUQuerySet'>;
export type GPUSupportedLimits = Global<'GPUSupportedLimits'>;
export type GPUTexture = Global<'GPUTexture'>;
