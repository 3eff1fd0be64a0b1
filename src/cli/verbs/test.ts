import { MASK_RULES, type MaskRule } from '../../data/index.ts';
import { AUPRO_DEFINITIONS, type AuproDefinition } from '../../metrics/index.ts';
import { classTableRows, formatTable, reasonLines, tableRows } from '../../report/table.ts';
import type { ScoringChoice } from '../../run/scoredAs.ts';
import { PROTOCOLS, type Protocol, type Results, type TestOptions, testRun } from '../../score/testRun.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exitCodes.ts';
import { anyOf, oneOf } from '../names.ts';
import { addScoringFlags } from '../settingFlags.ts';
import type { AddVerb } from '../verb.ts';
import { warner } from '../warnings.ts';

interface TestFlags extends ScoringChoice {
  readonly data?: string;
  readonly protocol?: Protocol[];
  readonly perClass?: boolean;
  readonly byClass?: boolean;
  readonly aupro: AuproDefinition[];
  readonly maskRule?: MaskRule;
}

const AUPRO_HELP =
  "add the per-region overlap's area up to 30 % false positives: dataset (MVTec's, over all regions), rd4ad (RD4AD's, per image, 200 thresholds), or both; default none";

const MASK_HELP =
  "how masks come to the size of the maps: PIL's bilinear, anomalous where the result is not 0 (any) or above one half (half); or PIL's nearest (nearest); default any";

export const testVerb: AddVerb = (program, run) => {
  const verb = program
    .command('test <run>')
    .description('score the test images under every alignment; write results.json and scores.csv')
    .option('--data <dir>', 'another data set than the one trained on')
    .option(
      '--protocol <names>',
      `protocols to print: ${PROTOCOLS.join(', ')}; default: all that the run has models for`,
      protocols,
    )
    .option('--per-class', 'test the models of `train --per-class` too: class-separated')
    .option('--by-class', 'print each class too')
    .option('--aupro <names>', AUPRO_HELP, definitions, [])
    .option('--mask-rule <name>', MASK_HELP, maskRule);
  addScoringFlags(verb, 'scoreFraction');
  verb
    .addHelpText('after', '\nExample:\n  wgad test runs/first --by-class')
    .action((folder: string, flags: TestFlags) =>
      run(async (context) => {
        const perClass = flags.perClass || flags.protocol?.includes('class-separated');
        const print = (results: Results): void => {
          const parts = [formatTable(tableRows(results, flags.protocol))];
          if (flags.byClass) parts.push(formatTable(classTableRows(results)));
          const reasons = [...reasonLines(results, flags.protocol), ...(results.notes ?? [])];
          if (reasons.length > 0) parts.push(reasons.join('\n'));
          context.result(results, parts.join('\n\n'));
        };
        await testWith(context, folder, { ...flags, perClass, onResults: print });
        return EXIT.done;
      }),
    );
};

export async function testWith(
  context: Context,
  run: string,
  options: Pick<
    TestOptions,
    'data' | 'aupro' | keyof ScoringChoice | 'maskRule' | 'perClass' | 'out' | 'onResults'
  > = {},
): Promise<Results> {
  const progress = context.progress('testing');
  const results = await testRun({
    run,
    data: options.data,
    aupro: options.aupro,
    scoreFraction: options.scoreFraction,
    size: options.size,
    tile: options.tile,
    tileOverlap: options.tileOverlap,
    maskRule: options.maskRule,
    precision: options.precision,
    perClass: options.perClass,
    out: options.out,
    gpu: context.gpu,
    signal: context.signal,
    onProgress: (done, of) => progress.update(done, of),
    onResults(found) {
      progress.finish();
      options.onResults?.(found);
    },
    onNote: warner(context),
  });
  return results;
}

const maskRule = oneOf<MaskRule>(MASK_RULES);
const protocols = anyOf<Protocol>(PROTOCOLS);
const definitions = anyOf<AuproDefinition>(AUPRO_DEFINITIONS, { both: AUPRO_DEFINITIONS, none: [] });
