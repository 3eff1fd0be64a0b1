/** Passes in the sample: enough to find their common step. */
const PASSES = 32;
const TIME_BYTES = 8;

/**
 * The step of a device's timestamps in nanoseconds, measured: the greatest common divisor of a sample. Dawn makes it
 * 65,536 unless it is opened with `disable-dawn-features=timestamp_quantization`. Null if it has no timestamps.
 */
export async function timestampGranularity(device: GPUDevice): Promise<number | null> {
  if (!device.features.has('timestamp-query')) return null;
  const size = 2 * PASSES * TIME_BYTES;
  const querySet = device.createQuerySet({ type: 'timestamp', count: 2 * PASSES });
  const resolved = device.createBuffer({
    size,
    usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC,
  });
  const staging = device.createBuffer({ size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  try {
    const encoder = device.createCommandEncoder();
    for (let i = 0; i < PASSES; i++) {
      const writes = { querySet, beginningOfPassWriteIndex: 2 * i, endOfPassWriteIndex: 2 * i + 1 };
      encoder.beginComputePass({ timestampWrites: writes }).end();
    }
    encoder.resolveQuerySet(querySet, 0, 2 * PASSES, resolved, 0);
    encoder.copyBufferToBuffer(resolved, 0, staging, 0, size);
    device.queue.submit([encoder.finish()]);
    await staging.mapAsync(GPUMapMode.READ);
    const step = [...new BigUint64Array(staging.getMappedRange())].reduce(divisor, 0n);
    // Some drivers have the feature and write zeros.
    return step === 0n ? null : Number(step);
  } finally {
    for (const made of [querySet, resolved, staging]) made.destroy();
  }
}

const divisor = (a: bigint, b: bigint): bigint => (b === 0n ? a : divisor(b, a % b));
