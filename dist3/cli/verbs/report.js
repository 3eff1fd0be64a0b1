import { writeReport } from '../../report/writeReport.js';
import { EXIT } from '../exitCodes.js';
export const reportVerb = (program, run) => {
    program
        .command('report <run>')
        .description('write report.html of a tested run: tables, score distributions, curves, maps; one file, no network')
        .option('--data <dir>', 'another place of the data set that was tested on')
        .addHelpText('after', '\nExample:\n  wgad report runs/first')
        .action((folder, flags) => run(async (context) => {
        const path = await writeReport({ run: folder, data: flags.data, adapter: context.gpu });
        context.result({ report: path }, path);
        return EXIT.done;
    }));
};
//# sourceMappingURL=report.js.map