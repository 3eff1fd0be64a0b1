import { availableParallelism } from 'node:os';
import { encodeOnnx, type OnnxGraph } from '../onnx/model.ts';
import { onnxOperation } from '../onnx/operation.ts';
import { onnxResnet } from '../onnx/resnet.ts';
import type { PeerPackage } from './install.ts';
import type { OperationStart, PeerKernel } from './operation.ts';
import type { Peer, PeerNetwork, PeerStart } from './peer.ts';

/** What is used of onnxruntime-node. */
interface OnnxRuntime {
  readonly InferenceSession: {
    create(model: Uint8Array, options: Readonly<Record<string, unknown>>): Promise<OnnxSession>;
  };
  readonly Tensor: new (type: 'float32', data: Float32Array, dims: readonly number[]) => OnnxTensor;
}
interface OnnxSession {
  run(feeds: Record<string, OnnxTensor>): Promise<Record<string, OnnxTensor>>;
  release(): Promise<void>;
}
interface OnnxTensor {
  readonly data: Float32Array;
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
  };
}

async function openNetwork(
  runtime: OnnxRuntime,
  name: RuntimeName,
  { config, tensors, inputs, ...sizes }: PeerStart,
): Promise<PeerNetwork> {
  const graph = onnxResnet(config, tensors, sizes);
  const { run, close } = await openGraph(runtime, name, graph);
  return { run: (turn) => run([inputs[turn % inputs.length]!]), close };
}

/** Its operands pass through host memory at every run: from JavaScript it keeps none on the device. */
async function openOperation(
  runtime: OnnxRuntime,
  name: RuntimeName,
  start: OperationStart,
): Promise<PeerKernel> {
  const { run, close } = await openGraph(runtime, name, onnxOperation(start));
  const operands = [start.left.data, ...(start.frozen ? [] : [start.right.data])];
  return { run: () => run(operands), close };
}

interface OpenGraph {
  /** One array for each of the graph's inputs. */
  run(inputs: readonly Float32Array[]): Promise<Float32Array>;
  close(): Promise<void>;
}

async function openGraph(runtime: OnnxRuntime, name: RuntimeName, graph: OnnxGraph): Promise<OpenGraph> {
  const options =
    name === 'ort-cpu'
      ? // Its default counts cores that this process may not use.
        { executionProviders: ['cpu'], intraOpNumThreads: availableParallelism() }
      : // Without this a node it has no kernel for would run on the CPU, unnoticed.
        { executionProviders: ['webgpu'], extra: { session: { disable_cpu_ep_fallback: '1' } } };
  const session = await runtime.InferenceSession.create(encodeOnnx(graph), options);
  return {
    async run(inputs) {
      const feeds = graph.inputs.map(({ name, shape }, i): [string, OnnxTensor] => [
        name,
        new runtime.Tensor('float32', inputs[i]!, shape),
      ]);
      return (await session.run(Object.fromEntries(feeds)))[graph.output.name]!.data;
    },
    close: () => session.release(),
  };
}
