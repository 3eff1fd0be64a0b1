/** The flags of every verb that asks peers, and the peers for as long as they are needed. */
import type { Command } from 'commander';
import type { BenchOutput } from '../../src/cli/benchRun.ts';
import type { Context } from '../../src/cli/context.ts';
import { anyOf } from '../../src/cli/names.ts';
import { integer } from '../../src/cli/numbers.ts';
import { requiredOption } from '../../src/cli/settings.ts';
import { ConfigError } from '../../src/errors.ts';
import { listAdapters } from '../../src/gpu/open.ts';
import { loadPeers } from '../peers/loadPeers.ts';
import type { Peer, PeerName } from '../peers/peer.ts';

export interface PeerFlags extends BenchOutput {
  peers: PeerName[];
  rounds: number;
}

export const addPeerFlags = (verb: Command, names: readonly PeerName[]): Command =>
  verb
    .addOption(
      requiredOption('--peers <names>', `other engines, comma-separated: ${names.join(', ')}`).argParser(
        anyOf<PeerName>(names),
      ),
    )
    .option('--rounds <n>', 'samples of each engine', integer('--rounds', 1), 9);

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
