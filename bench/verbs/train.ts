import { addTrainingFlags, RESNET_NAMES } from '../../src/cli/benchFlags.ts';
import { addOutputFlags, measure } from '../../src/cli/benchRun.ts';
import type { AddVerb } from '../../src/cli/verb.ts';
import type { ResNetName } from '../../src/models/resnet.ts';
import { peerText } from '../duels/duel.ts';
import { benchTrainPeers } from '../duels/training.ts';
import { TRAINING_PEERS } from '../peers/peer.ts';
import { addPeerFlags, type PeerFlags, withPeers } from './peers.ts';

interface TrainFlags extends PeerFlags {
  model?: ResNetName[];
  filter?: RegExp;
  batch: number[];
  size: number;
}

export const trainVerb: AddVerb = (program, run) => {
  addOutputFlags(
    addTrainingFlags(
      addPeerFlags(
        program.command('train').description("RevDist's training step beside other engines'"),
        TRAINING_PEERS,
      ),
    ),
  )
    .addHelpText('after', '\nExample:\n  wgad-bench train --peers tfjs-webgpu --rounds 3')
    .action((flags: TrainFlags) =>
      run((context) =>
        withPeers(context, flags.peers, (peers) =>
          measure(
            context,
            flags,
            (session, { only }) => {
              const { filter, batch: batches, size, rounds } = flags;
              const progress = context.progress('train');
              return benchTrainPeers(session, {
                models: flags.model ?? (filter ? RESNET_NAMES : ['resnet18']),
                filter,
                only,
                batches,
                size,
                peers,
                rounds,
                onCase: (done, of) => progress.update(done, of),
              });
            },
            { notes: peerText },
          ),
        ),
      ),
    );
};
