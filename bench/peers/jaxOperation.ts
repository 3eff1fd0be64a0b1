/** One operation in jax-js, as one `jit`; its operands stay on the device. */
import type { NamedTensor } from '../../src/nn/init.ts';
import type { Jax, JaxArray } from './jax.ts';
import type { OperationStart, PeerKernel } from './operation.ts';

export function jaxOperation(jax: Jax, { operation, left, right }: OperationStart): PeerKernel {
  const { numpy, lax } = jax;
  const upload = ({ data, shape }: NamedTensor): JaxArray => numpy.array(data, { shape });
  const held = { left: upload(left), right: upload(right) };
  const compute = jax.jit((a: JaxArray, b: JaxArray): JaxArray => {
    if (operation.kind === 'matmul') {
      return numpy.matmul(operation.transposeA ? turned(a) : a.ref, operation.transposeB ? turned(b) : b.ref);
    }
    const { stride, padding, dilation, groups } = operation.geometry;
    const [top, bottom, start, end] = padding;
    const widths = [
      [top, bottom],
      [start, end],
    ] as const;
    return lax.convGeneralDilated(a.ref, b.ref, stride, widths, {
      rhsDilation: dilation,
      featureGroupCount: groups,
    });
  });
  let results: JaxArray[] = [];
  return {
    run: () => compute(held.left.ref, held.right.ref).data(),
    onDevice: {
      enqueue(repeats) {
        for (let i = 0; i < repeats; i++) results.push(compute(held.left.ref, held.right.ref));
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
      held.left.dispose();
      held.right.dispose();
    },
  };
}

/** The last two axes change places. */
function turned(x: JaxArray): JaxArray {
  const axes = [...x.shape.keys()];
  return x.ref.transpose([...axes.slice(0, -2), axes.at(-1)!, axes.at(-2)!]);
}
