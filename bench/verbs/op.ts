import { measurePace } from '../../src/bench/pace.ts';
import { addOutputFlags, measure } from '../../src/cli/benchRun.ts';
import { parseCall } from '../../src/cli/opCall.ts';
import type { AddVerb } from '../../src/cli/verb.ts';
import { benchCallPeers } from '../duels/calls.ts';
import { peerText } from '../duels/duel.ts';
import { KERNEL_PEERS } from '../peers/peer.ts';
import { addPeerFlags, type PeerFlags, withPeers } from './peers.ts';

export const opVerb: AddVerb = (program, run) => {
  addOutputFlags(
    addPeerFlags(
      program
        .command('op <calls...>')
        .description(
          "the library's functions over operands of any shape beside other engines', forward, in f32",
        ),
      KERNEL_PEERS,
    ),
  )
    .addHelpText(
      'after',
      "\nExample:\n  wgad-bench op --peers tfjs-webgpu,jax-js 'erf [262144]' 'softmax [64,1000]'",
    )
    .action((calls: string[], flags: PeerFlags) =>
      run((context) => {
        const parsed = calls.map((call) => parseCall('wgad-bench op', call));
        return withPeers(context, flags.peers, (peers) =>
          measure(
            context,
            flags,
            async (session) => {
              const progress = context.progress('op');
              return benchCallPeers(session, parsed, {
                peers,
                rounds: flags.rounds,
                pace: await measurePace(session),
                onCase: (done, of) => progress.update(done, of),
                onLeftOut: (why) => context.say(why),
              });
            },
            { notes: peerText },
          ),
        );
      }),
    );
};
