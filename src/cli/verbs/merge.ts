import { ConfigError } from '../../errors.ts';
import { atomicFile } from '../../formats/atomicFile.ts';
import { makeFolder, requireWritable } from '../../formats/regularFile.ts';
import { mergeFeatures } from '../../parts/featureParts.ts';
import { type Parts, readParts } from '../../parts/readParts.ts';
import { rowsOf } from '../../parts/rows.ts';
import { mergeTest } from '../../parts/testPart.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exitCodes.ts';
import type { AddVerb } from '../verb.ts';
import { printResults } from './test.ts';

interface MergeFlags {
  readonly out?: string;
  readonly mixedAdapters?: boolean;
}

export const mergeVerb: AddVerb = (program, run) => {
  program
    .command('merge <part...>')
    .description(
      'make one result of the parts that `--shard` wrote: proves that every input is there once and that all are of one job, then writes what one run with --no-times would have written',
    )
    .option(
      '--out <path>',
      'of predict a file (default stdout), of test the folder for results.json and scores.csv, of features the safetensors file',
    )
    .option('--mixed-adapters', 'take parts that several adapters made: their last digits may differ')
    .addHelpText('after', '\nExample:\n  wgad merge parts/* > rows.jsonl')
    .action((paths: string[], flags: MergeFlags) =>
      run(async (context) => {
        const parts = await readParts(paths, flags.mixedAdapters);
        await MERGERS[parts.whole.kind](context, parts, flags.out);
        return parts.skipped > 0 ? EXIT.skipped : EXIT.done;
      }),
    );
};

const MERGERS = {
  async predict(context: Context, parts: Parts, out: string | undefined): Promise<void> {
    if (out === undefined) {
      for await (const row of rowsOf(parts)) if (!(await context.line(row))) return;
      return;
    }
    await requireWritable(out);
    await atomicFile(out, async (write) => {
      for await (const row of rowsOf(parts)) await write(`${row}\n`);
    });
    said(context, parts, out, `${parts.whole.inputs} rows`);
  },
  async test(context: Context, parts: Parts, out: string | undefined): Promise<void> {
    const folder = required(out, 'the folder for results.json and scores.csv');
    await makeFolder(folder);
    await mergeTest(parts, folder, (results) => printResults(context, results));
  },
  async features(context: Context, parts: Parts, out: string | undefined): Promise<void> {
    const file = required(out, 'the safetensors file');
    await requireWritable(file);
    said(context, parts, file, `${await mergeFeatures(parts, file)} tensors`);
  },
} as const;

function required(out: string | undefined, what: string): string {
  if (out !== undefined) return out;
  throw new ConfigError(`--out is required: ${what}`);
}

function said(context: Context, { parts, whole }: Parts, out: string, what: string): void {
  const { kind, inputs } = whole;
  context.result(
    { out, kind, parts: parts.length, inputs },
    `${out}: ${what} of ${inputs} inputs, from ${parts.length} parts`,
  );
}
