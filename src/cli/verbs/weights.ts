import { basename } from 'node:path';
import { InvalidArgumentError } from 'commander';
import { WeightsError } from '../../errors.ts';
import { isFloat } from '../../formats/floats.ts';
import { type FloatDtype, type WritableTensor, writeSafetensors } from '../../formats/safetensors.ts';
import { sha256Of } from '../../formats/sha256.ts';
import { openWeights, type WeightsFile } from '../../formats/weightsFile.ts';
import { EFFICIENTNETS, type EfficientNetConfig } from '../../models/efficientnet.ts';
import { lineageOf, namingOf } from '../../models/efficientnetNames.ts';
import { EXIT } from '../exitCodes.ts';
import type { AddVerb } from '../program.ts';
import { addFetch } from './weightsFetch.ts';

export const weightsVerb: AddVerb = (program, run) => {
  const weights = program.command('weights').description('look into weight files, convert and fetch them');
  addFetch(weights, run);
  weights
    .command('inspect <file>')
    .description(
      'list the tensors and the metadata of a safetensors or PyTorch file; nothing in it is executed',
    )
    .option('--ignore-foreign', 'skip objects of unknown classes instead of refusing the file')
    .addHelpText('after', '\nExample:\n  wgad weights inspect runs/first/weights.safetensors')
    .action((path: string, flags: { ignoreForeign?: boolean }) =>
      run(async (context) => {
        const file = await openWeights(path, flags);
        const tensors = [...file.tensors].map(([name, tensor]) => ({ name, ...tensor }));
        const metadata = Object.fromEntries(file.metadata);
        await file.close();
        const lines = [
          `# container: ${file.kind}`,
          ...Object.entries(metadata).map(([key, value]) => `# ${key}: ${value}`),
          ...tensors.map(
            ({ name, dtype, shape, bytes }) => `${name}  ${dtype}  [${shape.join(', ')}]  ${bytes}`,
          ),
          `${tensors.length} tensors, ${tensors.reduce((sum, each) => sum + each.bytes, 0)} bytes`,
        ];
        context.result({ file: path, container: file.kind, metadata, tensors }, lines.join('\n'));
        return EXIT.done;
      }),
    );
  weights
    .command('convert <in> <out>')
    .description('write the float tensors of a PyTorch or safetensors file as safetensors')
    .option('--dtype <name>', 'f32 or f16', floatDtype, 'F32' as FloatDtype)
    .option(
      '--padding <name>',
      `EfficientNet: note what it was trained with: ${PADDINGS.join(', ')}`,
      padding,
    )
    .option('--ignore-foreign', 'skip objects of unknown classes instead of refusing the file')
    .addHelpText('after', '\nExample:\n  wgad weights convert resnet18-f37072fd.pth resnet18.safetensors')
    .action((from: string, to: string, flags: ConvertFlags) =>
      run(async (context) => {
        const file = await openWeights(from, flags);
        try {
          const [floats, others] = split(file.tensors);
          if (floats.length === 0) throw new WeightsError(`${from}: holds no float tensor`);
          const tensors = new Map<string, WritableTensor>(
            floats.map(([name, { shape }]) => [name, { shape, data: () => file.read(name) }]),
          );
          const metadata = {
            ...Object.fromEntries(file.metadata),
            ...lineageNote(file, flags.padding),
            source: basename(from),
            sha256: await sha256Of(from),
          };
          await writeSafetensors(to, tensors, metadata, flags.dtype);
          // Batch norms count their batches in an int64 scalar that no evaluation reads.
          const skipped = others
            .map(([name]) => name)
            .filter((name) => !name.endsWith('num_batches_tracked'));
          const lines = [
            `${to}: ${tensors.size} tensors from ${file.kind}`,
            ...skipped.map((name) => `left out ${name}: ${file.tensors.get(name)!.dtype} is no float`),
          ];
          context.result(
            { file: to, container: file.kind, tensors: tensors.size, skipped },
            lines.join('\n'),
          );
        } finally {
          await file.close();
        }
        return EXIT.done;
      }),
    );
};

interface ConvertFlags {
  dtype: FloatDtype;
  padding?: Padding;
  ignoreForeign?: boolean;
}

type Padding = EfficientNetConfig['padding'];
const PADDINGS = Object.values(EFFICIENTNETS).map((config): Padding => config.padding);

function padding(text: string): Padding {
  const known = PADDINGS.find((each) => each === text);
  if (!known) throw new InvalidArgumentError(`expects one of ${PADDINGS.join(', ')}, got ${text}.`);
  return known;
}

/** What an EfficientNet was trained with, where its names or the user say so: a converted file then says it too. */
function lineageNote(file: WeightsFile, said: Padding | undefined): Record<string, string> {
  const naming = namingOf(file.tensors.keys());
  if (!naming) return {};
  const config = lineageOf(naming, said ? new Map([['padding', said]]) : file.metadata);
  return config ? { padding: config.padding, bn_eps: String(config.bnEps) } : {};
}

function split<T extends { dtype: string }>(tensors: ReadonlyMap<string, T>): [[string, T][], [string, T][]] {
  const all = [...tensors];
  return [all.filter(([, { dtype }]) => isFloat(dtype)), all.filter(([, { dtype }]) => !isFloat(dtype))];
}

function floatDtype(text: string): FloatDtype {
  if (text !== 'f32' && text !== 'f16') throw new InvalidArgumentError(`expects f32 or f16, got ${text}.`);
  return text === 'f32' ? 'F32' : 'F16';
}
