import { InvalidArgumentError } from 'commander';
import { benchKernels } from '../../bench/kernels.js';
import { benchLatency } from '../../bench/latency.js';
import { compareRecords, formatRecords, readRecords, writeRecords, } from '../../bench/record.js';
import { RESNETS } from '../../models/resnet.js';
import { openSession } from '../../train/session.js';
import { EXIT } from '../exitCodes.js';
import { integer } from '../numbers.js';
export const benchVerb = (program, run) => {
    const bench = program.command('bench').description('measure this engine on this adapter');
    bench
        .command('kernels')
        .description('single ops: convolutions, products, pointwise functions')
        .option('--filter <regex>', 'cases whose name or shape matches', pattern, /./)
        .option('--out <file>', 'write the records as JSON')
        .option('--compare <file>', 'exit 1 where a median fell by more than its noise band')
        .addHelpText('after', '\nExample:\n  wgad bench kernels --filter conv')
        .action((flags) => measured(run, flags, (session, context) => {
        const progress = context.progress('kernels');
        return benchKernels(session, flags.filter, (done, of) => progress.update(done, of));
    }));
    bench
        .command('latency')
        .description('milliseconds to score images, with and without CADA, per model and batch size')
        .option('--model <names>', `comma-separated: ${Object.keys(RESNETS).join(', ')}`, models, [
        'resnet18_w16',
    ])
        .option('--batch <sizes>', 'comma-separated batch sizes', sizes, [1, 16])
        .option('--size <px>', 'side of the images', integer('--size', 64), 256)
        .option('--out <file>', 'write the records as JSON')
        .option('--compare <file>', 'exit 1 where a median fell by more than its noise band')
        .addHelpText('after', '\nExample:\n  wgad bench latency --size 128 --batch 1')
        .action((flags) => measured(run, flags, (session, context) => {
        const progress = context.progress('latency');
        return benchLatency(session, {
            models: flags.model,
            batches: flags.batch,
            size: flags.size,
            onCase: (done, of) => progress.update(done, of),
        });
    }));
};
function measured(run, { out, compare }, measure) {
    return run(async (context) => {
        const before = compare === undefined ? [] : await readRecords(compare);
        const session = await openSession(context.gpu);
        let records;
        try {
            records = await measure(session, context);
        }
        finally {
            session.close();
        }
        if (out !== undefined)
            await writeRecords(out, records);
        const comparisons = compareRecords(before, records);
        const lines = comparisons.map(({ name, ratio, band, slower }) => `${slower ? 'slower' : 'as before or faster'}: ${name}: ${ratio.toFixed(3)} (band ${band.toFixed(3)})`);
        context.result({ records, comparisons }, [formatRecords(records), ...lines].join('\n'));
        return comparisons.some(({ slower }) => slower) ? EXIT.failed : EXIT.done;
    });
}
function pattern(text) {
    try {
        return new RegExp(text);
    }
    catch {
        throw new InvalidArgumentError(`expects a regular expression, got ${text}.`);
    }
}
function models(text) {
    return text.split(',').map((name) => {
        if (!Object.hasOwn(RESNETS, name)) {
            throw new InvalidArgumentError(`expects any of ${Object.keys(RESNETS).join(', ')}, got ${name}.`);
        }
        return name;
    });
}
const sizes = (text) => text.split(',').map(integer('--batch', 1));
//# sourceMappingURL=bench.js.map