import { availableParallelism } from 'node:os';
import { matmul } from '../../src/graph/ops/matmul.ts';
import type { Value } from '../../src/graph/value.ts';
import { resnetClassifier } from '../../src/models/resnet.ts';
import { conv2d } from '../../src/nn/conv.ts';
import { layersOf } from '../../src/nn/layers.ts';
import { toOnnx } from '../../src/onnx/index.ts';
import type { PeerPackage } from './install.ts';
import type { Numbers, OnnxTensor, OpenModel } from './model.ts';
import type { OperationStart, PeerKernel } from './operation.ts';
import type { Peer, PeerNetwork, PeerStart } from './peer.ts';

/** What is used of onnxruntime-node. */
export interface OnnxRuntime {
  readonly InferenceSession: {
    create(model: Uint8Array, options: Readonly<Record<string, unknown>>): Promise<OnnxSession>;
  };
  readonly Tensor: new (type: string, data: Numbers['data'], dims: readonly number[]) => OnnxTensor;
}
interface OnnxSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(feeds: Record<string, OnnxTensor>): Promise<Record<string, OnnxTensor>>;
  release(): Promise<void>;
}

type RuntimeName = 'ort-webgpu' | 'ort-cpu';

export function onnxRuntimePeer(name: RuntimeName, found: PeerPackage): Peer {
  const runtime = found.load() as OnnxRuntime;
  return {
    name,
    version: found.label,
    ...(name === 'ort-cpu' && { adapter: 'CPU' }),
    classifier: (start) => openNetwork(runtime, name, start),
    operation: (start) => openOperation(runtime, name, start),
    model: (bytes) => openModel(runtime, name, bytes),
  };
}

async function openNetwork(
  runtime: OnnxRuntime,
  name: RuntimeName,
  { config, tensors, inputs, batch, size }: PeerStart,
): Promise<PeerNetwork> {
  const shape = [batch, 3, size, size];
  const bytes = toOnnx(
    (weights: Record<string, Value>, images: Value) => resnetClassifier(layersOf(weights), images, config),
    [{ shape }],
    { state: tensors, label: 'classifier' },
  );
  const { run, close } = await openModel(runtime, name, bytes);
  return {
    run: async (turn) => (await run([{ data: inputs[turn % inputs.length]!, shape }]))[0]!.data,
    close,
  };
}

/** Its operands pass through host memory at every run: from JavaScript it keeps none on the device. */
async function openOperation(
  runtime: OnnxRuntime,
  name: RuntimeName,
  { operation, left, right, frozen }: OperationStart,
): Promise<PeerKernel> {
  const compute = (a: Value, b: Value): Value =>
    operation.kind === 'conv2d'
      ? conv2d(a, b, { ...operation.geometry, padding: operation.geometry.padding })
      : matmul(a, b, { transposeA: operation.transposeA, transposeB: operation.transposeB });
  const bytes = frozen
    ? toOnnx(({ weight }: Record<string, Value>, a: Value) => compute(a, weight!), [left], {
        state: new Map([['weight', right]]),
      })
    : toOnnx(compute, [left, right]);
  const { run, close } = await openModel(runtime, name, bytes);
  const operands = frozen ? [left] : [left, right];
  return { run: async () => (await run(operands))[0]!.data, close };
}

/** A session of a model's bytes. */
export async function openModel(
  runtime: OnnxRuntime,
  name: RuntimeName,
  bytes: Uint8Array,
): Promise<OpenModel> {
  const options =
    name === 'ort-cpu'
      ? // Its default counts cores that this process may not use.
        { executionProviders: ['cpu'], intraOpNumThreads: availableParallelism() }
      : // Without this a node it has no kernel for would run on the CPU, unnoticed.
        { executionProviders: ['webgpu'], extra: { session: { disable_cpu_ep_fallback: '1' } } };
  const session = await runtime.InferenceSession.create(bytes, options);
  return {
    async run(inputs) {
      const feeds = inputs.map(({ data, shape }, i): [string, OnnxTensor] => [
        session.inputNames[i]!,
        new runtime.Tensor(typeOf(data), data, shape),
      ]);
      const found = await session.run(Object.fromEntries(feeds));
      return session.outputNames.map((each) => found[each]!);
    },
    close: () => session.release(),
  };
}

function typeOf(data: Numbers['data']): string {
  if (data instanceof Int32Array) return 'int32';
  if (data instanceof Uint32Array) return 'uint32';
  return data instanceof Uint8Array ? 'uint8' : 'float32';
}
