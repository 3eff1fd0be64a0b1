import { percent } from '../../formats/percent.ts';
import { makeFolder, requireWritable } from '../../formats/regularFile.ts';
import { NARROW, textTable } from '../../formats/textTable.ts';
import { choiceText } from '../../kernels/gemm/choices.ts';
import { REVDIST_DEFAULTS } from '../../methods/revdist.ts';
import { DEFAULT_ENCODER } from '../../models/embedded.ts';
import { ENCODER_NAMES } from '../../models/encoders/index.ts';
import type { Precision } from '../../nn/trainable.ts';
import { requireHalf } from '../../plan/limits.ts';
import { tuningCache } from '../../published/cache.ts';
import { openSession } from '../../runtime/session.ts';
import type { EncoderName } from '../../score/features.ts';
import { tuningDevice } from '../../tune/device.ts';
import { readTuning, type TuningTable, toFile, tuningFile, writeTuning } from '../../tune/table.ts';
import { productsToTune, tuneProducts } from '../../tune/tuneModel.ts';
import { precisionFlag, sizeFlag, sizes } from '../benchFlags.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exitCodes.ts';
import { oneOf } from '../names.ts';
import { pattern } from '../numbers.ts';
import type { AddVerb } from '../verb.ts';

interface TuneFlags {
  readonly model: EncoderName;
  readonly size: number;
  readonly batch: number[];
  readonly precision: Precision;
  readonly filter: RegExp;
  readonly again?: boolean;
}

export const tuneVerb: AddVerb = (program, run) => {
  program
    .command('tune')
    .description(
      "measure kernel variants on this adapter for a model's shapes and keep the fastest in the user cache",
    )
    .option(
      '--model <name>',
      `one of ${ENCODER_NAMES.join(', ')}`,
      oneOf<EncoderName>(ENCODER_NAMES),
      DEFAULT_ENCODER,
    )
    .addOption(sizeFlag(REVDIST_DEFAULTS.size))
    .option(
      '--batch <sizes>',
      'comma-separated; a batch of 1 is scored only, larger ones are trained too',
      sizes,
      [REVDIST_DEFAULTS.batch, 1],
    )
    .addOption(
      precisionFlag(
        'what scoring stores: f32, or f16, whose products are others, then those of scoring alone',
      ),
    )
    .option('--filter <regex>', 'products whose op, shapes or epilogue match', pattern, /./)
    .option('--again', 'measure what the cache has, too')
    .addHelpText(
      'after',
      '\nCtrl-C keeps what has been measured; the next call goes on. Tuned kernels add up in another order: results differ' +
        '\nin the last bits from an untuned machine. wgad --no-tuning ... runs as if nothing had been tuned.' +
        '\n\nExample:\n  wgad tune --model resnet18 --size 256 --batch 1',
    )
    .action((flags: TuneFlags) => run((context) => tune(context, flags)));
};

async function tune(context: Context, flags: TuneFlags): Promise<number> {
  const { adapter, subgroupMatrix } = context.gpu;
  const session = await openSession({ adapter, subgroupMatrix });
  try {
    const [folder, device] = [tuningCache(), tuningDevice(session.gpu)];
    const known = await readTuning(folder, device, context.say);
    const { model: name, size, batch: batches, precision: stored, filter } = flags;
    if (stored === 'f16') requireHalf(session.gpu.facts, 'tune --precision f16');
    const products = productsToTune(session, { model: name, size, batches, precision: stored }, filter);
    const keys = new Set(products.map(({ key }) => key));
    await makeFolder(folder);
    await requireWritable(tuningFile(folder, device));
    const start: TuningTable = flags.again ? new Map([...known].filter(([key]) => !keys.has(key))) : known;
    const progress = context.progress('tuning');
    const table = await tuneProducts(session, products, start, {
      signal: context.signal,
      keep: async (whole) => void (await writeTuning(folder, device, whole)),
      onProduct: (done, of, found) =>
        progress.update(
          done,
          of,
          found?.choice ? `${(found.ruleMs / found.ms).toFixed(2)} x ${choiceText(found.choice)}` : '',
        ),
    });
    progress.finish();
    const file = tuningFile(folder, device);
    const measured = [...table].flatMap(([key, found]) =>
      keys.has(key) ? [{ key, ...found, choice: found.choice && toFile(found.choice) }] : [],
    );
    context.result({ file, device, products: measured }, summary(file, measured, products.length));
    if (!context.signal.aborted) return EXIT.done;
    context.say('stopped; what was measured is kept, the same command goes on');
    return EXIT.interrupted;
  } finally {
    session.close();
  }
}

type Row = { readonly key: string; readonly ms: number; readonly ruleMs: number; readonly choice: unknown };

function summary(file: string, rows: readonly Row[], of: number): string {
  const better = rows.filter(({ choice }) => choice !== null);
  const sum = (pick: (row: Row) => number): number => rows.reduce((total, row) => total + pick(row), 0);
  const regret = rows.length === 0 ? 0 : sum(({ ruleMs }) => ruleMs) / sum(({ ms }) => ms) - 1;
  const most = better.toSorted((a, b) => b.ruleMs / b.ms - a.ruleMs / a.ms).slice(0, 5);
  const { lines } = textTable(
    most,
    [
      { title: 'product', words: true, cell: ({ key }) => key },
      { title: 'rule ms', cell: ({ ruleMs }) => ruleMs.toFixed(3) },
      { title: 'tuned ms', cell: ({ ms }) => ms.toFixed(3) },
      { title: 'times as fast', cell: ({ ms, ruleMs }) => (ruleMs / ms).toFixed(2) },
    ],
    NARROW,
  );
  return [
    `${rows.length} of ${of} products measured; for ${better.length} another kernel than the rule's is faster`,
    `regret of the rule over one run of each: ${percent(regret)} %`,
    ...(most.length > 0 ? lines : []),
    `kept in ${file}`,
  ].join('\n');
}
