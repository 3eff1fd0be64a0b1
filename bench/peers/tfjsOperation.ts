/** One operation in TensorFlow.js, channels last; its operands stay on the device. */
import type { NamedTensor } from '../../src/nn/init.ts';
import { permute } from './layout.ts';
import { isDepthwise, type OperationStart, type PeerConv, type PeerKernel } from './operation.ts';
import { filterOf, IMAGE_ORDER, type Tensor, type Tfjs } from './tfjs.ts';

/** [C, m, k, k], m filters a channel, to the peer's [k, k, C, m]. */
const DEPTHWISE_ORDER = [2, 3, 0, 1] as const;
/** [N, H, W, C] back to [N, C, H, W]. */
const CHANNELS_FIRST = [0, 3, 1, 2] as const;

/** Undefined for convolutions in groups of several channels, which it does not have. */
export function tfjsOperation(tf: Tfjs, start: OperationStart): PeerKernel | undefined {
  const { operation, left, right } = start;
  const depthwise = operation.kind === 'conv2d' && isDepthwise(operation.geometry, left);
  if (operation.kind === 'conv2d' && operation.geometry.groups > 1 && !depthwise) return undefined;
  const channelsLast = operation.kind === 'conv2d';
  const upload = ({ data, shape }: NamedTensor): Tensor => tf.tensor(data, shape);
  const held = {
    left: upload(channelsLast ? ordered(left, IMAGE_ORDER) : left),
    right:
      channelsLast && !depthwise
        ? filterOf(tf, right)
        : upload(depthwise ? depthwiseFilter(right, left.shape[1]!) : right),
  };
  const compute = (): Tensor =>
    operation.kind === 'matmul'
      ? tf.matMul(held.left, held.right, operation.transposeA, operation.transposeB)
      : convolution(tf, operation, held, depthwise);
  const back = (data: Float32Array, shape: readonly number[]): Float32Array =>
    channelsLast ? permute(data, shape, CHANNELS_FIRST) : data;
  return tfjsKernel(tf, [held.left, held.right], compute, back);
}

/** What `compute` makes of tensors that stay on the device. `back`: a result from the peer's layout to ours. */
export function tfjsKernel(
  tf: Tfjs,
  held: readonly Tensor[],
  compute: () => Tensor,
  back = (data: Float32Array, _shape: readonly number[]): Float32Array => data,
): PeerKernel {
  let last: Tensor | undefined;
  return {
    async run() {
      const out = compute();
      const data = await out.data();
      out.dispose();
      return back(data, out.shape);
    },
    onDevice: {
      enqueue(repeats) {
        for (let i = 0; i < repeats; i++) {
          last?.dispose();
          last = compute();
        }
      },
      // Work is done in order, so one number of the last result waits for all.
      async finish() {
        const first = tf.tidy(() => tf.slice(tf.reshape(last!, [-1]), [0], [1]));
        await first.data();
        first.dispose();
      },
    },
    async close() {
      tf.dispose([...held, ...(last ? [last] : [])]);
    },
  };
}

function convolution(
  tf: Tfjs,
  { geometry: { stride, padding, dilation } }: PeerConv,
  { left, right }: { left: Tensor; right: Tensor },
  depthwise: boolean,
): Tensor {
  const [top, bottom, start, end] = padding;
  const even = padding.every((side) => side === top);
  const pad = even
    ? top
    : ([
        [0, 0],
        [top, bottom],
        [start, end],
        [0, 0],
      ] as const);
  const convolve = depthwise ? tf.depthwiseConv2d : tf.conv2d;
  return convolve(left, right, stride, pad, 'NHWC', dilation);
}

const ordered = ({ data, shape }: NamedTensor, order: readonly number[]): NamedTensor => ({
  data: permute(data, shape, order),
  shape: order.map((axis) => shape[axis]!),
});

/** From [C * m, 1, k, k], over `channels` C. */
const depthwiseFilter = ({ data, shape: [cout, , kh, kw] }: NamedTensor, channels: number): NamedTensor =>
  ordered({ data, shape: [channels, cout! / channels, kh!, kw!] }, DEPTHWISE_ORDER);
