import { InvalidArgumentError } from 'commander';
import { classTableRows, formatTable, tableRows } from '../../report/table.js';
import { PROTOCOLS, testRun } from '../../train/testRun.js';
import { EXIT } from '../exitCodes.js';
export const testVerb = (program, run) => {
    program
        .command('test <run>')
        .description('score the test images under every alignment; write results.json and scores.csv')
        .option('--data <dir>', 'another data set than the one trained on')
        .option('--protocol <names>', 'protocols to print, of those in results.json', protocols, [...PROTOCOLS])
        .option('--by-class', 'print each class too')
        .addHelpText('after', '\nExample:\n  wgad test runs/first --by-class')
        .action((folder, flags) => run(async (context) => {
        const results = await testWith(context, folder, flags.data);
        const tables = [tableRows(results, flags.protocol)];
        if (flags.byClass)
            tables.push(classTableRows(results));
        context.result(results, tables.map(formatTable).join('\n\n'));
        return EXIT.done;
    }));
};
export async function testWith(context, run, data) {
    const progress = context.progress('testing');
    const results = await testRun({
        run,
        data,
        adapter: context.gpu,
        signal: context.signal,
        onProgress: (done, of) => progress.update(done, of),
    });
    progress.finish();
    return results;
}
/** Parses `a,b` of protocol names. */
function protocols(text) {
    return text.split(',').map((name) => {
        const known = PROTOCOLS.find((each) => each === name.trim());
        if (!known) {
            throw new InvalidArgumentError(`expects any of ${PROTOCOLS.join(',')}, got ${name}.`);
        }
        return known;
    });
}
//# sourceMappingURL=test.js.map