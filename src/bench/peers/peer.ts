import type { ResNetConfig } from '../../models/resnet.ts';
import type { StateDict } from '../../nn/init.ts';
import type { OptimiserConfig } from '../../nn/optimiser.ts';

/** Engines that this one is measured against: onnxruntime-node on WebGPU and on the CPU, TensorFlow.js, jax-js. */
export const PEERS = ['ort-webgpu', 'ort-cpu', 'tfjs-webgpu', 'jax-js'] as const;
export type PeerName = (typeof PEERS)[number];

/** Those of them that differentiate. */
export const TRAINING_PEERS = ['tfjs-webgpu', 'jax-js'] as const satisfies readonly PeerName[];

/** A network to compute, and the images it will be given. */
export interface PeerStart {
  readonly config: ResNetConfig;
  /** Under our names, which are torchvision's. */
  readonly tensors: StateDict;
  readonly batch: number;
  readonly size: number;
  /** Each [batch, 3, size, size]; a peer keeps them in host memory in the layout that it takes. */
  readonly inputs: readonly Float32Array[];
}

/** Another engine, loaded. */
export interface Peer {
  readonly name: PeerName;
  /** Package and version, such as `onnxruntime-node 1.30.0`. */
  readonly version: string;
  /** A ResNet classifier; `tensors` are its own. */
  classifier(start: PeerStart): Promise<PeerNetwork>;
  /** RevDist's training step, where the engine differentiates; `tensors` are encoder, bottleneck and decoder. */
  training?(start: PeerStart, optimiser: AdamW): Promise<PeerTraining>;
}

export type AdamW = OptimiserConfig & { readonly kind: 'adamw' };

/** A network in another engine. */
export interface PeerNetwork {
  /** Uploads the input of this turn (they take turns), computes, waits, and hands out the logits. */
  run(turn: number): Promise<Float32Array>;
  close(): Promise<void>;
}

/** A training in another engine. */
export interface PeerTraining {
  /** Uploads the input of this turn, computes loss and gradients, updates, waits for all of it; the loss. */
  step(turn: number): Promise<number>;
  /** AdamW's running means of the gradients, under our names and in our layout. */
  moments(): Promise<StateDict>;
  close(): Promise<void>;
}
