import { resolve } from 'node:path';
import { ConfigError } from '../../errors.js';
import { ALIGNMENTS, CADA_DEFAULTS } from '../../methods/cada.js';
import { REVDIST_DEFAULTS } from '../../methods/revdist.js';
import { trainRun } from '../../train/trainRun.js';
import { EXIT } from '../exitCodes.js';
import { integer, real } from '../numbers.js';
import { VERSION } from '../version.js';
export const trainVerb = (program, run) => {
    program
        .command('train <dir>')
        .description('train the detector on normal images of all kinds mixed, then its alignment')
        .requiredOption('--out <run>', 'folder of the run')
        .option('--method <name>', 'detector: revdist', 'revdist')
        .option('--encoder <name>', 'pre-trained network; the default ships with the package', 'resnet18_w16')
        .option('--weights <file>', 'its weights (safetensors), or "embedded"', 'embedded')
        .option('--align <names>', `comma-separated: ${ALIGNMENTS.join(', ')}`, 'cada')
        .option('--size <px>', 'side that images are resized to', integer('--size', 64), REVDIST_DEFAULTS.size)
        .option('--batch <n>', 'images per step', integer('--batch', 2), REVDIST_DEFAULTS.batch)
        .option('--iterations <n>', 'steps of the detector', integer('--iterations', 1), REVDIST_DEFAULTS.iterations)
        .option('--align-iterations <n>', 'steps of the alignment', integer('--align-iterations', 0), CADA_DEFAULTS.iterations)
        .option('--lr <x>', 'learning rate of the detector', real('--lr', 0), REVDIST_DEFAULTS.optimiser.lr)
        .option('--smoothing <name>', 'of the maps: author (5 taps, zero border) or scipy', 'author')
        .option('--save-every <s>', 'seconds between checkpoints', real('--save-every', 0), 30)
        .option('--resume', 'go on from the last checkpoint')
        .addHelpText('after', '\nExample:\n  wgad train data/synth --out runs/first --size 128 --iterations 300')
        .action((dir, flags) => run(async (context) => {
        const finished = await trainWith(context, flags.out, configOf(context, dir, flags), {
            resume: flags.resume ?? false,
            saveEvery: flags.saveEvery,
        });
        if (!finished)
            return EXIT.interrupted;
        context.result({ run: flags.out }, `trained: ${flags.out}`);
        return EXIT.done;
    }));
};
/** Trains with progress on stderr; false where Ctrl-C stopped it. */
export async function trainWith(context, run, config, options) {
    let shown;
    const finished = await trainRun({
        run,
        config,
        ...options,
        adapter: context.gpu,
        signal: context.signal,
        onProgress: (stage, { step, of, loss }) => {
            if (shown?.stage !== stage) {
                shown?.progress.finish();
                shown = { stage, progress: context.progress(stage) };
            }
            shown.progress.update(step, of, loss === undefined ? '' : `loss ${loss.toPrecision(4)}`);
        },
    });
    shown?.progress.finish();
    if (!finished)
        context.say(`stopped; go on with: wgad train … --out ${run} --resume`);
    return finished;
}
function configOf(context, dir, flags) {
    const align = flags.align.split(',').map((name) => name.trim());
    if (flags.smoothing !== 'author' && flags.smoothing !== 'scipy') {
        throw new ConfigError(`--smoothing expects author or scipy, got ${flags.smoothing}`);
    }
    return {
        version: VERSION,
        method: flags.method,
        encoder: flags.encoder,
        weights: flags.weights === 'embedded' ? 'embedded' : resolve(flags.weights),
        align,
        size: flags.size,
        batch: flags.batch,
        iterations: flags.iterations,
        alignIterations: flags.alignIterations,
        lr: flags.lr,
        seed: context.seed,
        data: resolve(dir),
        smoothing: flags.smoothing,
        scoreFraction: CADA_DEFAULTS.scoreFraction,
        adapter: '',
    };
}
//# sourceMappingURL=train.js.map