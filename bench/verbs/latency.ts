import { models, precisionFlag, RESNET_NAMES, sizeFlag, sizes } from '../../src/cli/benchFlags.ts';
import { addOutputFlags, measure } from '../../src/cli/benchRun.ts';
import { oneOf } from '../../src/cli/names.ts';
import { pattern } from '../../src/cli/numbers.ts';
import type { AddVerb } from '../../src/cli/verb.ts';
import { ConfigError } from '../../src/errors.ts';
import type { ResNetName } from '../../src/models/resnet.ts';
import type { Precision } from '../../src/nn/trainable.ts';
import { peerText } from '../duels/duel.ts';
import { benchNetworkPeers } from '../duels/networks.ts';
import { PEERS } from '../peers/peer.ts';
import { addPeerFlags, type PeerFlags, withPeers } from './peers.ts';

interface LatencyFlags extends PeerFlags {
  method?: 'revdist';
  model?: ResNetName[];
  filter?: RegExp;
  batch: number[];
  size: number;
  precision: Precision;
}

/** Where nothing is chosen, the smallest and the widest that is published. */
const COMPARED: readonly ResNetName[] = ['resnet18', 'wide_resnet50_2'];

export const latencyVerb: AddVerb = (program, run) => {
  addOutputFlags(
    addPeerFlags(
      program.command('latency').description("classifiers or RevDist's scoring beside other engines'"),
      PEERS,
    )
      .option(
        '--method <name>',
        'revdist: its scoring, without alignment; default an ImageNet classifier',
        oneOf(['revdist']),
      )
      .option(
        '--model <names>',
        `comma-separated: ${RESNET_NAMES.join(', ')}; default ${COMPARED.join()}, with --filter all`,
        models,
      )
      .option('--filter <regex>', 'cases whose name and shape match', pattern)
      .option('--batch <sizes>', 'comma-separated batch sizes', sizes, [1])
      .addOption(sizeFlag(256))
      .addOption(precisionFlag('with --method revdist, what ours stores: f32 or f16')),
  )
    .addHelpText(
      'after',
      '\nExample:\n  wgad-bench latency --peers ort-webgpu --model resnet18\n  wgad-bench latency --method revdist --peers torch --batch 1,16',
    )
    .action((flags: LatencyFlags) =>
      run(async (context) => {
        if (flags.method === undefined && flags.precision !== 'f32') {
          throw new ConfigError('--precision f16 is for --method revdist: classifiers compute in f32');
        }
        return withPeers(context, flags.peers, (peers) =>
          measure(
            context,
            flags,
            (session, { only }) => {
              const { filter, batch: batches, size, rounds } = flags;
              const progress = context.progress('latency');
              return benchNetworkPeers(session, {
                network: flags.method === undefined ? 'classifier' : 'scoring',
                models: flags.model ?? (filter ? RESNET_NAMES : COMPARED),
                filter,
                only,
                batches,
                size,
                precision: flags.precision,
                peers,
                rounds,
                onCase: (done, of) => progress.update(done, of),
              });
            },
            { notes: peerText },
          ),
        );
      }),
    );
};
