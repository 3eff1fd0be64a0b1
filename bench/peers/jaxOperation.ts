/** One operation in jax-js, as one `jit`; its operands stay on the device. */
import type { NamedTensor } from '../../src/nn/init.ts';
import type { Jax, JaxArray } from './jax.ts';
import type { OperationStart, PeerKernel } from './operation.ts';

export function jaxOperation(jax: Jax, { operation, left, right }: OperationStart): PeerKernel {
  const { numpy, lax } = jax;
  const upload = ({ data, shape }: NamedTensor): JaxArray => numpy.array(data, { shape });
  return jaxKernel(jax, [upload(left), upload(right)], (a, b): JaxArray => {
    if (operation.kind === 'matmul') {
      return numpy.matmul(
        operation.transposeA ? turned(a!) : a!.ref,
        operation.transposeB ? turned(b!) : b!.ref,
      );
    }
    const { stride, padding, dilation, groups } = operation.geometry;
    const [top, bottom, start, end] = padding;
    const widths = [
      [top, bottom],
      [start, end],
    ] as const;
    return lax.convGeneralDilated(a!.ref, b!.ref, stride, widths, {
      rhsDilation: dilation,
      featureGroupCount: groups,
    });
  });
}

/** What `body` makes, as one `jit`, of arrays that stay on the device. */
export function jaxKernel(
  jax: Jax,
  held: readonly JaxArray[],
  body: (...arrays: JaxArray[]) => JaxArray,
): PeerKernel {
  const compute = jax.jit(body);
  const once = (): JaxArray => compute(...held.map(({ ref }) => ref));
  let results: JaxArray[] = [];
  return {
    run: () => once().data(),
    onDevice: {
      enqueue(repeats) {
        for (let i = 0; i < repeats; i++) results.push(once());
      },
      // What is let go before it is waited for may never be computed.
      async finish() {
        await jax.blockUntilReady(results);
        for (const each of results) each.dispose();
        results = [];
      },
    },
    async close() {
      compute.dispose();
      for (const each of held) each.dispose();
    },
  };
}

/** The last two axes change places. */
function turned(x: JaxArray): JaxArray {
  const axes = [...x.shape.keys()];
  return x.ref.transpose([...axes.slice(0, -2), axes.at(-1)!, axes.at(-2)!]);
}
