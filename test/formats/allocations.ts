/** Counts what is allocated for typed arrays while `body` runs: the reader's own buffers, not the runtime's. */
export interface Allocations {
  /** Bytes, all together. */
  total: number;
  largest: number;
}

const COUNTED = ['Uint8Array', 'Uint16Array', 'Uint32Array', 'Float32Array', 'Float64Array'] as const;

/** Puts counting constructors in the place of the global ones until `body` has settled. */
export async function countAllocations(body: () => Promise<void>): Promise<Allocations> {
  const count: Allocations = { total: 0, largest: 0 };
  const scope = globalThis as unknown as Record<string, new (...args: unknown[]) => ArrayBufferView>;
  const originals = COUNTED.map((name) => scope[name]!);
  COUNTED.forEach((name, i) => {
    scope[name] = new Proxy(originals[i]!, {
      construct(target, args, made) {
        const array = Reflect.construct(
          target,
          args,
          made === scope[name] ? target : made,
        ) as ArrayBufferView;
        // A view of memory that was there before allocates nothing.
        if (!(args[0] instanceof ArrayBuffer)) {
          count.total += array.byteLength;
          count.largest = Math.max(count.largest, array.byteLength);
        }
        return array;
      },
    });
  });
  try {
    await body();
  } finally {
    COUNTED.forEach((name, i) => {
      scope[name] = originals[i]!;
    });
  }
  return count;
}
