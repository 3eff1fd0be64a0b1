import { availableParallelism } from 'node:os';
import { encodeOnnx } from '../onnx/model.ts';
import { onnxResnet } from '../onnx/resnet.ts';
import type { PeerPackage } from './install.ts';
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

export function onnxRuntimePeer(name: 'ort-webgpu' | 'ort-cpu', found: PeerPackage): Peer {
  const runtime = found.load() as OnnxRuntime;
  return {
    name,
    version: found.label,
    ...(name === 'ort-cpu' && { adapter: 'CPU' }),
    classifier: (start) => openNetwork(runtime, name, start),
  };
}

async function openNetwork(
  runtime: OnnxRuntime,
  name: 'ort-webgpu' | 'ort-cpu',
  { config, tensors, inputs, ...sizes }: PeerStart,
): Promise<PeerNetwork> {
  const graph = onnxResnet(config, tensors, sizes);
  const { input, output } = graph;
  const options =
    name === 'ort-cpu'
      ? // Its default counts cores that this process may not use.
        { executionProviders: ['cpu'], intraOpNumThreads: availableParallelism() }
      : // Without this a node it has no kernel for would run on the CPU, unnoticed.
        { executionProviders: ['webgpu'], extra: { session: { disable_cpu_ep_fallback: '1' } } };
  const session = await runtime.InferenceSession.create(encodeOnnx(graph), options);
  return {
    async run(turn) {
      const images = new runtime.Tensor('float32', inputs[turn % inputs.length]!, input.shape);
      return (await session.run({ [input.name]: images }))[output.name]!.data;
    },
    close: () => session.release(),
  };
}
