import { openEntry } from '../../gpu/open.ts';
import { findPackage, type PeerPackage } from './install.ts';
import { jaxPeer } from './jax.ts';
import { provideNavigator } from './navigatorGpu.ts';
import { onnxRuntimePeer } from './onnxRuntime.ts';
import type { Peer, PeerName } from './peer.ts';
import { tfjsPeer } from './tfjs.ts';

export interface LoadedPeers {
  readonly peers: readonly Peer[];
  /** Takes back what was put into the global scope for them. */
  close(): void;
}

/** Main package first: its version is the peer's. */
const PACKAGES: Readonly<Record<PeerName, readonly string[]>> = {
  'ort-webgpu': ['onnxruntime-node'],
  'ort-cpu': ['onnxruntime-node'],
  'tfjs-webgpu': ['@tensorflow/tfjs-backend-webgpu', '@tensorflow/tfjs'],
  'jax-js': ['@jax-js/jax'],
};

/**
 * @param adapter as for `openGpu`; ONNX Runtime cannot be told
 * @throws ConfigError saying how to install them, where one is not installed under `folder` or does not load
 */
export async function loadPeers(
  names: readonly PeerName[],
  { adapter, folder }: { adapter?: string; folder?: string } = {},
): Promise<LoadedPeers> {
  const found = names.map((name) => ({
    name,
    packages: PACKAGES[name].map((each) => findPackage(name, each, folder)),
  }));
  const looksForNavigator = names.some((name) => name === 'tfjs-webgpu' || name === 'jax-js');
  const close = looksForNavigator ? provideNavigator(await openEntry(adapter)) : () => {};
  try {
    const peers: Peer[] = [];
    for (const { name, packages } of found) peers.push(await load(name, packages));
    return { peers, close };
  } catch (error) {
    close();
    throw error;
  }
}

async function load(name: PeerName, [main, other]: readonly PeerPackage[]): Promise<Peer> {
  switch (name) {
    case 'tfjs-webgpu':
      return tfjsPeer(main!, other!);
    case 'jax-js':
      return jaxPeer(main!);
    default:
      return onnxRuntimePeer(name, main!);
  }
}
