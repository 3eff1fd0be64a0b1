import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigError } from '../errors.ts';
import type { OnnxGraph } from './onnx/model.ts';
import { encodeOnnx } from './onnx/model.ts';

/** Engines that this one is measured against: onnxruntime-node on WebGPU and on the CPU. */
export const PEERS = ['ort-webgpu', 'ort-cpu'] as const;
export type PeerName = (typeof PEERS)[number];

/** Another engine, loaded. */
export interface Peer {
  readonly name: PeerName;
  /** Package and version, such as `onnxruntime-node 1.30.0`. */
  readonly version: string;
  open(graph: OnnxGraph): Promise<PeerNetwork>;
}

/** A network in another engine. */
export interface PeerNetwork {
  /** Uploads the images, computes, waits, and hands out the output. */
  run(images: Float32Array): Promise<Float32Array>;
  close(): Promise<void>;
}

/** Where the peers are pinned and installed: in a checkout only, apart from the package's own dependencies. */
export const PEERS_FOLDER = fileURLToPath(new URL('../../bench/peers', import.meta.url));

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

/** @throws ConfigError saying how to install them, where they are not installed under `folder` or do not load. */
export function loadPeers(names: readonly PeerName[], folder = PEERS_FOLDER): Peer[] {
  if (names.length === 0) return [];
  const manifest = join(folder, 'node_modules', 'onnxruntime-node', 'package.json');
  if (!existsSync(manifest)) {
    throw new ConfigError(`--peers ${names.join(',')}: onnxruntime-node is not installed in ${folder}`, {
      fix: existsSync(join(folder, 'package.json'))
        ? `(cd ${folder} && npm ci --ignore-scripts)`
        : 'run this from a checkout of the repository, which has bench/peers',
    });
  }
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
  let runtime: OnnxRuntime;
  try {
    runtime = createRequire(manifest)('onnxruntime-node') as OnnxRuntime;
  } catch (cause) {
    throw new ConfigError(
      `--peers ${names.join(',')}: onnxruntime-node ${version} does not load: ${(cause as Error).message}`,
      { fix: 'use a platform that it has a build for', cause },
    );
  }
  return names.map((name) => ({
    name,
    version: `onnxruntime-node ${version}`,
    open: (graph) => openNetwork(runtime, name, graph),
  }));
}

async function openNetwork(runtime: OnnxRuntime, name: PeerName, graph: OnnxGraph): Promise<PeerNetwork> {
  const { input, output } = graph;
  const options =
    name === 'ort-cpu'
      ? // Its default counts cores that this process may not use.
        { executionProviders: ['cpu'], intraOpNumThreads: availableParallelism() }
      : // Without this a node it has no kernel for would run on the CPU, unnoticed.
        { executionProviders: ['webgpu'], extra: { session: { disable_cpu_ep_fallback: '1' } } };
  const session = await runtime.InferenceSession.create(encodeOnnx(graph), options);
  return {
    async run(images) {
      const feeds = { [input.name]: new runtime.Tensor('float32', images, input.shape) };
      return (await session.run(feeds))[output.name]!.data;
    },
    close: () => session.release(),
  };
}
