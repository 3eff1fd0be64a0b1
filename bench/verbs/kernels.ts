import { chooseCases } from '../../src/bench/kernels.ts';
import { measurePace } from '../../src/bench/pace.ts';
import { addCaseFlags } from '../../src/cli/benchFlags.ts';
import { addOutputFlags, measure } from '../../src/cli/benchRun.ts';
import type { AddVerb } from '../../src/cli/verb.ts';
import type { EncoderName } from '../../src/score/features.ts';
import { peerText } from '../duels/duel.ts';
import { benchKernelPeers } from '../duels/kernels.ts';
import { isComparable } from '../peers/operation.ts';
import { KERNEL_PEERS } from '../peers/peer.ts';
import { addPeerFlags, type PeerFlags, withPeers } from './peers.ts';

interface KernelFlags extends PeerFlags {
  filter?: RegExp;
  model?: EncoderName[];
  batch: number[];
  size: number;
}

export const kernelsVerb: AddVerb = (program, run) => {
  addOutputFlags(
    addCaseFlags(
      addPeerFlags(
        program
          .command('kernels')
          .description(
            "single convolutions and products of the networks beside other engines', forward, in f32",
          ),
        KERNEL_PEERS,
      ),
    ),
  )
    .addHelpText('after', '\nExample:\n  wgad-bench kernels --peers tfjs-webgpu --model resnet18')
    .action((flags: KernelFlags) =>
      run((context) =>
        withPeers(context, flags.peers, (peers) =>
          measure(
            context,
            flags,
            async (session, { only }) => {
              const { filter, model: models, batch: batches, size, rounds } = flags;
              const choice = { filter, models, batches, size, accepts: isComparable };
              const cases = chooseCases(session, choice).filter(only ?? (() => true));
              const progress = context.progress('kernels');
              return benchKernelPeers(session, cases, {
                peers,
                rounds,
                pace: await measurePace(session),
                onCase: (done, of) => progress.update(done, of),
                onLeftOut: (why) => context.say(why),
              });
            },
            { notes: peerText },
          ),
        ),
      ),
    );
};
