import { stat } from 'node:fs/promises';
import type { Command } from 'commander';
import { ConfigError } from '../../errors.ts';
import { writeFileAtomic } from '../../formats/atomicFile.ts';
import { requireWritable } from '../../formats/regularFile.ts';
import { refuseOnto } from '../../formats/sameFile.ts';
import { openWeights } from '../../formats/weightsFile.ts';
import { ALIGNMENTS, type Alignment } from '../../methods/alignments/index.ts';
import { runFiles } from '../../run/folder.ts';
import { exportWeb } from '../../score/exportWeb.ts';
import { readJudgement } from '../../score/judge.ts';
import { onnxModel } from '../../score/onnxModel.ts';
import { alignmentsOf } from '../../score/scorerOn.ts';
import { allTensors } from '../../weights/tensorSource.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exitCodes.ts';
import { oneOf } from '../names.ts';
import { integer, real } from '../numbers.ts';
import type { AddVerb } from '../verb.ts';
import { formatThreshold } from './threshold.ts';

interface ExportFlags extends OnnxFlags {
  web?: string;
  half?: boolean;
  onnx?: string;
}

interface OnnxFlags {
  alignment?: Alignment;
  threshold?: number;
  batch?: number;
}

export const exportVerb: AddVerb = (program, run) => {
  program
    .command('export <run>')
    .description('write a finished run for other programs')
    .option(
      '--web <file>',
      'one safetensors file with weights, configuration and threshold, which the Inspect page of `wgad site` opens',
    )
    .option('--half', 'with --web: weights as f16, half the size; scores differ in the fourth digit or so')
    .option(
      '--onnx <file>',
      'an ONNX model (operator set 20): pixels in; score, verdict and map out, calibrated by its alignment',
    )
    .option(
      '--alignment <name>',
      `with --onnx: one of the run's: ${ALIGNMENTS.join(', ')}; default: the one that predict judges by`,
      oneOf<Alignment>(ALIGNMENTS),
    )
    .option(
      '--threshold <x>',
      'with --onnx: scores at or above it are anomalous; default: what `wgad threshold` stored; without either there is no verdict',
      real('--threshold', Number.NEGATIVE_INFINITY),
    )
    .option(
      '--batch <n>',
      'with --onnx: images that the model takes at once; default 1',
      integer('--batch', 1),
    )
    .addHelpText(
      'after',
      '\nExample:\n  wgad export runs/first --web first.wgad\n  wgad export runs/first --onnx first.onnx --threshold 0.9',
    )
    .action((folder: string, flags: ExportFlags, verb: Command) =>
      run(async (context) => {
        const { web, half, onnx, ...others } = flags;
        if ((web === undefined) === (onnx === undefined)) {
          throw new ConfigError('export expects either --web or --onnx: what to write', {
            fix: 'add one of them with the file to write',
          });
        }
        // A variable or a file of flags may speak to other commands too.
        const typed = (name: string): boolean => verb.getOptionValueSource(name) === 'cli';
        const strange = (onnx === undefined ? Object.keys(others) : ['half']).find(typed);
        if (strange !== undefined) {
          throw new ConfigError(`--${strange} says nothing about ${onnx === undefined ? '--web' : '--onnx'}`);
        }
        if (web !== undefined) await toWeb(context, folder, web, half ?? false);
        if (onnx !== undefined) await toModel(context, folder, onnx, others);
        return EXIT.done;
      }),
    );
};

async function toWeb(context: Context, folder: string, web: string, half: boolean): Promise<void> {
  const { threshold, tested } = await exportWeb(folder, web, half ? 'F16' : 'F32');
  if (threshold === null) {
    context.say('the run has no threshold: pages ask for one; `wgad threshold` finds it, then export again');
  }
  if (!tested) context.say('the run was not tested: colours of maps span 0 to 1; `wgad test` measures them');
  const { size } = await stat(web);
  context.result(
    { web, bytes: size, threshold: threshold?.value ?? null },
    `${web}: ${(size / 1e6).toFixed(1)} MB`,
  );
}

async function toModel(context: Context, folder: string, onnx: string, flags: OnnxFlags): Promise<void> {
  const { alignment, threshold, batch = 1 } = flags;
  const weights = runFiles(folder).weights;
  await refuseOnto('--onnx', onnx, weights);
  await requireWritable(onnx);
  const { config, aligned, stored } = await readJudgement(folder, { threshold });
  const chosen = alignment ?? aligned;
  const known = alignmentsOf(config);
  if (!known.includes(chosen)) {
    throw new ConfigError(`--alignment expects one that ${folder} has: ${known.join(', ')}; got ${chosen}`);
  }
  // A stored threshold is of the scores of one alignment.
  const fitting = stored?.alignment === chosen ? stored : null;
  const limit = threshold ?? fitting?.value ?? null;
  if (fitting && threshold === undefined) context.say(formatThreshold(fitting));
  if (limit === null) context.say('no threshold is known: the model has no output `verdict`');
  const file = await openWeights(weights);
  try {
    const bytes = await onnxModel(config, allTensors(file), { alignment: chosen, threshold: limit, batch });
    await writeFileAtomic(onnx, bytes);
    const { size, method, encoder } = config;
    context.result(
      { onnx, bytes: bytes.length, alignment: chosen, threshold: limit, batch, size },
      `${onnx}: ${method} with ${encoder}, alignment ${chosen}, ${batch} x 3 x ${size} x ${size} pixels, ${(bytes.length / 1e6).toFixed(1)} MB`,
    );
  } finally {
    await file.close();
  }
}
