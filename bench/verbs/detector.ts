import { alternate, type Duel, type SingleRun } from '../../src/bench/alternate.ts';
import { relativeDistance } from '../../src/bench/relativeDistance.ts';
import type { Context } from '../../src/cli/context.ts';
import { EXIT } from '../../src/cli/exitCodes.ts';
import { integer } from '../../src/cli/numbers.ts';
import type { AddVerb } from '../../src/cli/verb.ts';
import { openWeights } from '../../src/formats/weightsFile.ts';
import { RandomStream } from '../../src/random.ts';
import { runFiles } from '../../src/run/folder.ts';
import { type Judgement, readJudgement } from '../../src/score/judge.ts';
import { onnxModel } from '../../src/score/onnxModel.ts';
import type { ScoredImage } from '../../src/score/scoredImage.ts';
import { openScorer } from '../../src/score/scorer.ts';
import type { Scorer } from '../../src/score/scorerOn.ts';
import { range } from '../../src/shape.ts';
import { allTensors } from '../../src/weights/tensorSource.ts';
import { INPUTS, requireClose } from '../duels/duel.ts';
import type { Peer } from '../peers/peer.ts';
import { addPeerFlags, type PeerFlags, withPeers } from './peers.ts';

const RUNTIMES = ['ort-webgpu', 'ort-cpu'] as const;

interface DetectorFlags extends Pick<PeerFlags, 'peers' | 'rounds'> {
  batch: number;
}

/** A run opened here, and pictures for it: a batch for each turn. */
interface OpenRun {
  readonly judgement: Judgement;
  readonly batch: number;
  readonly pictures: readonly (readonly Uint8Array[])[];
  readonly scorer: Scorer;
}

/** How far the peer's scores may lie from ours, relative L2. */
const TOLERANCE = 1e-3;

export const detectorVerb: AddVerb = (program, run) => {
  addPeerFlags(
    program
      .command('detector <runs...>')
      .description(
        'trained runs from 8-bit pixels to score and map, with their alignment, beside ONNX Runtime with what `wgad export --onnx` writes; further runs by turns with the first',
      ),
    RUNTIMES,
  )
    .option('--batch <n>', 'images at once', integer('--batch', 1), 1)
    .addHelpText(
      'after',
      '\nExample:\n  wgad-bench detector runs/lite0 runs/resnet18 --peers ort-webgpu,ort-cpu',
    )
    .action((folders: string[], { peers: names, rounds, batch }: DetectorFlags) =>
      run((context) =>
        withPeers(context, names, async (peers) => {
          const runs: OpenRun[] = [];
          try {
            for (const folder of folders) runs.push(await open(context, folder, batch));
            for (const each of runs) {
              const model = await exported(each);
              for (const peer of peers)
                say(context, each, peer.name, await beside(each, peer, model, rounds));
            }
            const [first, ...others] = runs as [OpenRun, ...OpenRun[]];
            for (const other of others) {
              say(
                context,
                first,
                other.judgement.run,
                await alternate(ownTurn(first), ownTurn(other), rounds),
              );
            }
          } finally {
            for (const { scorer } of runs) scorer.close();
          }
          return EXIT.done;
        }),
      ),
    );
};

async function open({ gpu }: Context, folder: string, batch: number): Promise<OpenRun> {
  const judgement = await readJudgement(folder, { batch });
  const { config, aligned } = judgement;
  const random = new RandomStream(0);
  const picture = (): Uint8Array =>
    Uint8Array.from({ length: 3 * config.size ** 2 }, () => random.integer(256));
  const pictures = range(INPUTS).map(() => range(batch).map(picture));
  const scorer = await openScorer(folder, config, { gpu, alignments: [aligned] });
  return { judgement, batch, pictures, scorer };
}

async function exported({ judgement: { run, config, aligned }, batch }: OpenRun): Promise<Uint8Array> {
  const file = await openWeights(runFiles(run).weights);
  try {
    return await onnxModel(config, allTensors(file), { alignment: aligned, threshold: null, batch });
  } finally {
    await file.close();
  }
}

const scoresOf = ({ scorer, pictures, batch }: OpenRun, turn: number): Promise<ScoredImage[]> =>
  scorer.score(pictures[turn % INPUTS]!, range(batch).fill(0));

const ownTurn =
  (run: OpenRun): SingleRun =>
  async (turn) =>
    void (await scoresOf(run, turn));

/** Checks the peer's scores of all pictures, then times both. */
async function beside(run: OpenRun, peer: Peer, model: Uint8Array, rounds: number): Promise<Duel> {
  const { judgement, pictures, batch } = run;
  const { size } = judgement.config;
  const inputs = pictures.map((each) => ({
    data: new Uint8Array(Buffer.concat(each)),
    shape: [batch, 3, size, size],
  }));
  const theirs = await peer.model!(model);
  try {
    for (const turn of range(INPUTS)) {
      const [score] = await theirs.run([inputs[turn]!]);
      const own = (await scoresOf(run, turn)).map(({ scores }) => scores.get(judgement.aligned)!);
      const distance = relativeDistance(score!.data, Float32Array.from(own));
      requireClose(`${judgement.run}: ${peer.name}`, 'its scores lie', distance, TOLERANCE);
    }
    return await alternate(
      ownTurn(run),
      async (turn) => void (await theirs.run([inputs[turn % INPUTS]!])),
      rounds,
    );
  } finally {
    await theirs.close();
  }
}

function say(context: Context, { judgement, batch }: OpenRun, other: string, duel: Duel): void {
  const { ratio, ratioP10, ratioP90, ours, theirs } = duel;
  const { method, encoder, size } = judgement.config;
  context.result(
    {
      run: judgement.run,
      method,
      encoder,
      alignment: judgement.aligned,
      size,
      batch,
      beside: other,
      ratio,
      ratioP10,
      ratioP90,
      ms: ours.medianMs,
      besideMs: theirs.medianMs,
    },
    `${judgement.run} (${encoder}, ${judgement.aligned}, ${size} px, batch ${batch}): ${ours.medianMs.toFixed(1)} ms; ${other}: ${theirs.medianMs.toFixed(1)} ms, ratio ${ratio.toFixed(2)} (${ratioP10.toFixed(2)} to ${ratioP90.toFixed(2)})`,
  );
}
