import type { ResNetConfig } from '../../src/models/resnet.ts';
import type { StateDict } from '../../src/nn/init.ts';
import type { OptimiserConfig } from '../../src/nn/optimiser.ts';
import type { CallStart } from './calls.ts';
import type { OpenModel } from './model.ts';
import type { OperationStart, PeerKernel } from './operation.ts';
import type { PeerRuns } from './runs.ts';

/** How PyTorch is asked to compute. */
export interface TorchSettings {
  /** By `torch.compile`. */
  readonly compiled: boolean;
  readonly arithmetic: Arithmetic;
}

/**
 * Arithmetic of networks: all in f32; operands of products rounded to ten bits, sums in f32; stored as f16, sums in
 * f32.
 */
type Arithmetic = 'f32' | 'tf32' | 'f16';

/** PyTorch's settings by the name of the peer. */
export const TORCH_PEERS = {
  torch: { compiled: false, arithmetic: 'f32' },
  'torch-tf32': { compiled: false, arithmetic: 'tf32' },
  'torch-f16': { compiled: false, arithmetic: 'f16' },
  'torch-compiled': { compiled: true, arithmetic: 'f32' },
  'torch-compiled-tf32': { compiled: true, arithmetic: 'tf32' },
  'torch-compiled-f16': { compiled: true, arithmetic: 'f16' },
} as const satisfies Record<string, TorchSettings>;
export type TorchName = keyof typeof TORCH_PEERS;
const TORCH_NAMES = Object.keys(TORCH_PEERS) as TorchName[];

const PACKAGED = ['ort-webgpu', 'ort-cpu', 'tfjs-webgpu', 'jax-js'] as const;
/** Engines that come as npm packages: onnxruntime-node on WebGPU and on the CPU, TensorFlow.js, jax-js. */
export type PackagedName = (typeof PACKAGED)[number];

export type PeerName = PackagedName | TorchName;
/** Engines that this one is measured against. */
export const PEERS: readonly PeerName[] = [...PACKAGED, ...TORCH_NAMES];

/** Those of them that differentiate. */
export const TRAINING_PEERS: readonly PeerName[] = [
  'tfjs-webgpu',
  'jax-js',
  ...TORCH_NAMES.filter((name) => TORCH_PEERS[name].arithmetic !== 'f16'),
];

/** Those that score with RevDist. */
export const SCORING_PEERS: readonly PeerName[] = TORCH_NAMES;

/** Those that compute single operations: `torch.compile` has nothing to gain there, and ours are f32. */
export const KERNEL_PEERS: readonly PeerName[] = [...PACKAGED, 'torch', 'torch-tf32'];

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
  /** Its adapter, if not the session's. */
  readonly adapter?: string;
  /** Default f32. */
  readonly arithmetic?: Arithmetic;
  /** A ResNet classifier; `tensors` are its own. */
  classifier(start: PeerStart): Promise<PeerNetwork>;
  /** RevDist's score, [batch] for the images, where the engine is asked for it; `tensors` as for `training`. */
  scoring?(start: PeerStart, rule: PeerScoreRule): Promise<PeerNetwork>;
  /** A single operation, where the engine is asked for such; undefined for one that it does not have. */
  operation?(start: OperationStart): Promise<PeerKernel | undefined>;
  /** A call of one of our functions, forward, where the engine is asked for such; undefined for one that it does not have. */
  call?(start: CallStart): Promise<PeerKernel | undefined>;
  /** Computes what an ONNX file describes, where the engine reads such. */
  model?(bytes: Uint8Array): Promise<OpenModel>;
  /** RevDist's training step, where the engine differentiates; `tensors` are encoder, bottleneck and decoder. */
  training?(start: PeerStart, optimiser: AdamW): Promise<PeerTraining>;
}

/** From RevDist's map, smoothed as its author does (5 taps, sigma 4, zeros around), to the score. */
interface PeerScoreRule {
  /** Share of the map's highest values whose mean is the score. */
  readonly scoreFraction: number;
}

export type AdamW = OptimiserConfig & { readonly kind: 'adamw' };

/** A network in another engine. */
export interface PeerNetwork extends PeerRuns {
  /** Uploads the input of this turn (they take turns), computes, waits, and hands out the logits or scores. */
  run(turn: number): Promise<Float32Array>;
}

/** A training in another engine. */
export interface PeerTraining extends PeerRuns {
  /** Uploads the input of this turn, computes loss and gradients, updates, waits for all of it; the loss. */
  step(turn: number): Promise<number>;
  /** AdamW's running means of the gradients, under our names and in our layout. */
  moments(): Promise<StateDict>;
}
