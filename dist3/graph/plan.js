/** Offsets of storage bindings: WebGPU's default limit, used everywhere. */
export const BINDING_ALIGN = 256;
export const alignBytes = (bytes) => Math.max(BINDING_ALIGN, Math.ceil(bytes / BINDING_ALIGN) * BINDING_ALIGN);
//# sourceMappingURL=plan.js.map