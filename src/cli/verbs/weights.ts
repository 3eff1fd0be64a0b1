import { shown } from '../../errors.ts';
import { openWeights } from '../../formats/weightsFile.ts';
import { contentOf } from '../../weights/content.ts';
import { EXIT } from '../exitCodes.ts';
import type { AddVerb } from '../verb.ts';
import { addConvert } from './weightsConvert.ts';
import { addFetch } from './weightsFetch.ts';

/** Most characters of metadata that are printed. */
const MOST_METADATA = 10_000;
/** Most characters of one value. */
const MOST_OF_VALUE = 2000;

/** A line for each entry, as many as a reader may want to see. */
function metadataLines(metadata: ReadonlyMap<string, string>): string[] {
  const lines: string[] = [];
  let length = 0;
  for (const [key, value] of metadata) {
    const line = `${shown(key)}: ${shown(value, MOST_OF_VALUE)}`;
    length += line.length;
    if (length > MOST_METADATA) break;
    lines.push(line);
  }
  const more = metadata.size - lines.length;
  return more > 0 ? [...lines, `and ${more} more entries of metadata; --json has them all`] : lines;
}

export const weightsVerb: AddVerb = (program, run) => {
  const weights = program
    .command('weights')
    .description('look into weight files, convert and fetch them')
    .addHelpText('after', '\nExample:\n  wgad weights inspect model.pth');
  addFetch(weights, run);
  weights
    .command('inspect <file>')
    .description(
      'say what a safetensors or PyTorch file is, and list its tensors and metadata; nothing in it is executed',
    )
    .option('--ignore-foreign', 'skip objects of unknown classes instead of refusing the file')
    .addHelpText('after', '\nExample:\n  wgad weights inspect runs/first/weights.safetensors')
    .action((path: string, flags: { ignoreForeign?: boolean }) =>
      run(async (context) => {
        const file = await openWeights(path, flags);
        const tensors = [...file.tensors].map(([name, tensor]) => ({ name, ...tensor }));
        const metadata = Object.fromEntries(file.metadata);
        await file.close();
        const { content, wrong } = contentOf(file.tensors);
        const lines = [
          `# container: ${file.kind}`,
          ...(content ? [`# content: ${content}`] : []),
          ...wrong.map((text) => `# does not fit: ${text}`),
          ...file.notes.map((note) => `# ${note}`),
          ...metadataLines(file.metadata).map((line) => `# ${line}`),
          ...tensors.map(
            ({ name, dtype, shape, bytes }) =>
              `${shown(name, 1000)}  ${dtype}  [${shape.join(', ')}]  ${bytes}`,
          ),
          `${tensors.length} tensors, ${tensors.reduce((sum, each) => sum + each.bytes, 0)} bytes`,
        ];
        const said = {
          file: path,
          container: file.kind,
          content,
          wrong,
          notes: file.notes,
          metadata,
          tensors,
        };
        context.result(said, lines.join('\n'));
        return EXIT.done;
      }),
    );
  addConvert(weights, run);
};
