import { openSafetensors } from '../../formats/safetensors.js';
import { EXIT } from '../exitCodes.js';
export const weightsVerb = (program, run) => {
    program
        .command('weights')
        .description('look into weight files')
        .command('inspect <file>')
        .description('list the tensors and the metadata of a safetensors file')
        .addHelpText('after', '\nExample:\n  wgad weights inspect runs/first/weights.safetensors')
        .action((path) => run(async (context) => {
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
            ...tensors.map(({ name, dtype, shape, bytes }) => `${name}  ${dtype}  [${shape.join(', ')}]  ${bytes}`),
            `${tensors.length} tensors, ${tensors.reduce((sum, each) => sum + each.bytes, 0)} bytes`,
        ];
        context.result({ file: path, metadata, tensors }, lines.join('\n'));
        return EXIT.done;
    }));
};
//# sourceMappingURL=weights.js.map