import { openEntry } from '../../src/gpu/open.ts';
import { findPackage, type PeerPackage } from './install.ts';
import { jaxPeer } from './jaxPeer.ts';
import { provideNavigator } from './navigatorGpu.ts';
import { onnxRuntimePeer } from './onnxRuntime.ts';
import { type PackagedName, type Peer, type PeerName, TORCH_PEERS, type TorchName } from './peer.ts';
import { tfjsPeer } from './tfjsPeer.ts';
import { torchPeer } from './torch.ts';
import { startTorch, type TorchWorker } from './torchWorker.ts';

export interface LoadedPeers {
  readonly peers: readonly Peer[];
  /** Takes back what was put into the global scope for them, and ends their process. */
  close(): void;
}

/** Main package first: its version is the peer's. */
const PACKAGES: Readonly<Record<PackagedName, readonly string[]>> = {
  'ort-webgpu': ['onnxruntime-node'],
  'ort-cpu': ['onnxruntime-node'],
  'tfjs-webgpu': ['@tensorflow/tfjs-backend-webgpu', '@tensorflow/tfjs'],
  'jax-js': ['@jax-js/jax'],
};

export interface PeerPlaces {
  /** As for `openGpu`; ONNX Runtime and PyTorch cannot be told. */
  readonly adapter?: string;
  /** Where npm packages are installed; default `bench/peers`. */
  readonly folder?: string;
  /** Interpreter with PyTorch; default `WGAD_PYTHON`, or `python3`. */
  readonly python?: string;
}

/** @throws ConfigError saying how to install them, where one is not installed or does not load */
export async function loadPeers(
  names: readonly PeerName[],
  { adapter, folder, python }: PeerPlaces = {},
): Promise<LoadedPeers> {
  const found = new Map(
    names
      .filter(isPackaged)
      .map((name) => [name, PACKAGES[name].map((each) => findPackage(name, each, folder))]),
  );
  const looksForNavigator = names.some((name) => name === 'tfjs-webgpu' || name === 'jax-js');
  const restore = looksForNavigator ? provideNavigator(await openEntry(adapter)) : () => {};
  // One process for all of PyTorch's settings: it takes its seconds to start, and memory on the device.
  let torch: TorchWorker | undefined;
  const close = (): void => {
    restore();
    torch?.close();
  };
  try {
    const peers: Peer[] = [];
    for (const name of names) {
      if (isPackaged(name)) peers.push(await load(name, found.get(name)!));
      else peers.push(torchPeer(name, (torch ??= await startTorch(name, python))));
    }
    return { peers, close };
  } catch (error) {
    close();
    throw error;
  }
}

const isPackaged = (name: PeerName): name is PackagedName => !Object.hasOwn(TORCH_PEERS, name as TorchName);

async function load(name: PackagedName, [main, other]: readonly PeerPackage[]): Promise<Peer> {
  switch (name) {
    case 'tfjs-webgpu':
      return tfjsPeer(main!, other!);
    case 'jax-js':
      return jaxPeer(main!);
    default:
      return onnxRuntimePeer(name, main!);
  }
}
