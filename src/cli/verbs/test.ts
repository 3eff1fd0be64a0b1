import { MASK_RULES, type MaskRule } from '../../data/index.ts';
import { AUPRO_DEFINITIONS, type AuproDefinition } from '../../metrics/index.ts';
import { testPart } from '../../parts/testPart.ts';
import { classTableRows, formatTable, reasonLines, tableRows } from '../../report/table.ts';
import type { ScoringChoice } from '../../run/scoredAs.ts';
import { PROTOCOLS, type Protocol, type Results, type TestOptions, testRun } from '../../score/testRun.ts';
import { VERSION } from '../../version.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exitCodes.ts';
import { anyOf, oneOf } from '../names.ts';
import { addScoringFlags } from '../settingFlags.ts';
import { addShardFlags, partResult, type ShardFlags } from '../shardFlags.ts';
import type { AddVerb } from '../verb.ts';
import { warner } from '../warnings.ts';

interface TestFlags extends ScoringChoice<'test'>, ShardFlags {
  readonly data?: string;
  readonly protocol?: Protocol[];
  readonly perClass?: boolean;
  readonly byClass?: boolean;
  readonly aupro: AuproDefinition[];
  readonly maskRule?: MaskRule;
  readonly times: boolean;
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
    .option('--mask-rule <name>', MASK_HELP, maskRule)
    .option('--no-times', 'leave out what the clock says: the same bytes each time');
  addShardFlags(verb);
  addScoringFlags(verb, 'test');
  verb
    .addHelpText('after', '\nExample:\n  wgad test runs/first --by-class')
    .action((folder: string, flags: TestFlags) =>
      run(async (context) => {
        const perClass = flags.perClass || flags.protocol?.includes('class-separated');
        if (flags.shard) {
          const progress = context.progress('testing');
          const { parts, shard } = flags;
          const made = await testPart({
            ...optionsOf(context, folder, { ...flags, perClass }),
            ...{ parts, shard, version: VERSION },
            onProgress: (done, of) => progress.update(done, of),
          });
          progress.finish();
          partResult(context, made);
          return EXIT.done;
        }
        await testWith(context, folder, {
          ...flags,
          perClass,
          onResults: (results) => printResults(context, results, flags),
        });
        return EXIT.done;
      }),
    );
};

/** The tables of a test on stdout, or its results as JSON. */
export function printResults(
  context: Context,
  results: Results,
  { protocol, byClass }: Pick<TestFlags, 'protocol' | 'byClass'> = {},
): void {
  const parts = [formatTable(tableRows(results, protocol))];
  if (byClass) parts.push(formatTable(classTableRows(results)));
  const reasons = [...reasonLines(results, protocol), ...(results.notes ?? [])];
  if (reasons.length > 0) parts.push(reasons.join('\n'));
  context.result(results, parts.join('\n\n'));
}

type Wanted = Omit<TestOptions, 'run' | 'gpu' | 'signal' | 'onProgress' | 'onNote'>;

export async function testWith(context: Context, run: string, options: Wanted = {}): Promise<Results> {
  const progress = context.progress('testing');
  return testRun({
    ...optionsOf(context, run, options),
    onProgress: (done, of) => progress.update(done, of),
    onResults(found) {
      progress.finish();
      options.onResults?.(found);
    },
  });
}

function optionsOf(context: Context, run: string, options: Wanted): TestOptions {
  return {
    ...options,
    run,
    gpu: context.gpu,
    signal: context.signal,
    onNote: warner(context),
  };
}

const maskRule = oneOf<MaskRule>(MASK_RULES);
const protocols = anyOf<Protocol>(PROTOCOLS);
const definitions = anyOf<AuproDefinition>(AUPRO_DEFINITIONS, { both: AUPRO_DEFINITIONS, none: [] });
