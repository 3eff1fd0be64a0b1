/** What `wgad bench --peers` asks of its other flags, and the peers for as long as they are needed. */
import { loadPeers } from '../peers/loadPeers.ts';
import type { Peer, PeerName } from '../peers/peer.ts';
import type { VersusNetwork } from '../duels/networks.ts';
import { ConfigError } from '../../src/errors.ts';
import { listAdapters } from '../../src/gpu/open.ts';
import type { DetectorName } from '../../src/methods/detectors.ts';
import type { PretrainedName } from '../../src/models/encoders.ts';
import { RESNETS, type ResNetName } from '../../src/models/resnet.ts';
import type { Precision } from '../../src/nn/trainable.ts';
import type { Context } from '../../src/cli/context.ts';

/** What is compared: classifiers, or with `--method revdist` its scoring. @throws ConfigError for what peers do not compute. */
export function comparedNetwork(method: DetectorName | undefined, precision: Precision): VersusNetwork {
  if (method !== undefined && method !== 'revdist') {
    throw new ConfigError(
      `--peers times classifiers, or RevDist with --method revdist, got --method ${method}`,
    );
  }
  if (method === undefined && precision !== 'f32') {
    throw new ConfigError('--precision f16 with --peers is for --method revdist: classifiers compute in f32');
  }
  return method === undefined ? 'classifier' : 'scoring';
}

/** @throws ConfigError for an encoder that peers are not given. */
export function comparedModel(name: PretrainedName): ResNetName {
  const found = (Object.keys(RESNETS) as ResNetName[]).find((each) => each === name);
  if (!found)
    throw new ConfigError(
      `--peers times ResNets: --model expects any of ${Object.keys(RESNETS).join(', ')}, got ${name}`,
    );
  return found;
}

/** Loads the peers, says what they are, and lets them go after `body`. */
export async function withPeers<T>(
  context: Context,
  names: readonly PeerName[],
  body: (peers: readonly Peer[]) => Promise<T>,
): Promise<T> {
  if (context.gpu.adapter !== undefined && names.includes('ort-webgpu')) await requireOneAdapter();
  const { peers, close } = await loadPeers(names, context.gpu);
  try {
    for (const { name, version } of peers) context.say(`${name}: ${version}`);
    return await body(peers);
  } finally {
    close();
  }
}

/** ONNX Runtime takes no adapter's name: it opens the high-performance one, as this engine does by default. */
async function requireOneAdapter(): Promise<void> {
  const adapters = new Set((await listAdapters()).filter((name) => !/\bnull\b/i.test(name)));
  if (adapters.size <= 1) return;
  throw new ConfigError(
    `--gpu with --peers ort-webgpu: the peer cannot be told an adapter, and there are ${adapters.size}: ${[...adapters].join(', ')}`,
    { fix: 'leave --gpu out, or hide the other adapters from both (VK_DRIVER_FILES)' },
  );
}
