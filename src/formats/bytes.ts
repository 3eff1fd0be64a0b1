/** `Uint8Array<ArrayBuffer>` and `Float32Array<ArrayBuffer>`, which have no parameter before TypeScript 5.7. */
export type Bytes = ReturnType<typeof Uint8Array.of>;
export type Floats = ReturnType<typeof Float32Array.of>;
