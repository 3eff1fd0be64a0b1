import { openSafetensors } from '../../formats/safetensors.ts';
import { EXIT } from '../exitCodes.ts';
import type { AddVerb } from '../program.ts';

export const weightsVerb: AddVerb = (program, run) => {
  program
    .command('weights')
    .description('look into weight files')
    .command('inspect <file>')
    .description('list the tensors and the metadata of a safetensors file')
    .addHelpText('after', '\nExample:\n  wgad weights inspect runs/first/weights.safetensors')
    .action((path: string) =>
      run(async (context) => {
        const file = await openSafetensors(path);
        const tensors = [...file.tensors].map(([name, { dtype, shape, begin, end }]) => ({
          name,
          dtype,
          shape,
          bytes: end - begin,
        }));
        const metadata = Object.fromEntries(file.metadata);
        await file.close();
        const lines = [
          ...Object.entries(metadata).map(([key, value]) => `# ${key}: ${value}`),
          ...tensors.map(
            ({ name, dtype, shape, bytes }) => `${name}  ${dtype}  [${shape.join(', ')}]  ${bytes}`,
          ),
          `${tensors.length} tensors, ${tensors.reduce((sum, each) => sum + each.bytes, 0)} bytes`,
        ];
        context.result({ file: path, metadata, tensors }, lines.join('\n'));
        return EXIT.done;
      }),
    );
};
