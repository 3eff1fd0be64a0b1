import { Command } from 'commander';
import { EXIT } from './exitCodes.js';
import { integer } from './numbers.js';
import { progressTo } from './progress.js';
import { applySettings } from './settings.js';
import { benchVerb } from './verbs/bench.js';
import { dataVerb } from './verbs/data.js';
import { demoVerb } from './verbs/demo.js';
import { doctorVerb } from './verbs/doctor.js';
import { featuresVerb } from './verbs/features.js';
import { predictVerb } from './verbs/predict.js';
import { pretrainVerb } from './verbs/pretrain.js';
import { reportVerb } from './verbs/report.js';
import { testVerb } from './verbs/test.js';
import { trainVerb } from './verbs/train.js';
import { weightsVerb } from './verbs/weights.js';
import { VERSION } from './version.js';
export function buildProgram(signal, setExitCode) {
    const program = new Command('wgad')
        .description('One model for many kinds of objects: learns from normal images, flags and locates defects.')
        .version(`wgad ${VERSION}, Node ${process.versions.node}`)
        .option('--gpu <index|name>', 'adapter to use, by index or part of its name')
        .option('--seed <int>', 'seed of every random choice', integer('--seed', 0), 0)
        .option('--json', 'machine-readable result on stdout')
        .option('--quiet', 'no progress')
        .option('--verbose', 'stack traces')
        .option('--config <file>', 'JSON object of flags; WGAD_* variables and flags go before it')
        .showSuggestionAfterError()
        .enablePositionalOptions(false)
        .hook('preAction', (_, verb) => applySettings(program, verb))
        .exitOverride((error) => {
        process.exit(error.exitCode === 0 ? EXIT.done : EXIT.usage);
    });
    const run = async (body) => {
        const options = program.opts();
        const { gpu, seed, json = false, quiet = false, verbose = false } = options;
        setExitCode(await body({
            gpu,
            seed,
            json,
            quiet,
            verbose,
            signal,
            result: (value, text) => void process.stdout.write(json ? `${JSON.stringify(value)}\n` : `${text}\n`),
            say: (text) => void (quiet || process.stderr.write(`${text}\n`)),
            progress: (label) => progressTo(process.stderr, label, quiet),
        }));
    };
    for (const add of [
        doctorVerb,
        dataVerb,
        trainVerb,
        testVerb,
        predictVerb,
        featuresVerb,
        reportVerb,
        weightsVerb,
        demoVerb,
        benchVerb,
        pretrainVerb,
    ]) {
        add(program, run);
    }
    // Verbs inherit the exit override only if it was set before; commander copies it when they are made.
    return program;
}
//# sourceMappingURL=program.js.map