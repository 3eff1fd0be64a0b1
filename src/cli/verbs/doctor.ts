import { listAdapters } from '../../gpu/open.ts';
import { openDevice } from '../../runtime/gpu.ts';
import { EXIT } from '../exitCodes.ts';
import type { AddVerb } from '../program.ts';

export const doctorVerb: AddVerb = (program, run) => {
  program
    .command('doctor')
    .description('what adapters there are, and whether one can be used; exit 4 if not')
    .addHelpText('after', '\nExample:\n  wgad doctor')
    .action(() =>
      run(async (context) => {
        const adapters = await listAdapters();
        const gpu = await openDevice({ adapter: context.gpu });
        const report = {
          adapters,
          chosen: gpu.adapter,
          facts: gpu.facts,
          features: [...gpu.device.features].sort(),
        };
        gpu.close();
        const lines = [
          ...adapters.map((name, i) => `adapter ${i}: ${name}`),
          `using ${gpu.adapter.name}${gpu.adapter.software ? ' (software: a CPU pretending to be a GPU)' : ''}`,
          ...Object.entries(gpu.facts).map(([name, value]) => `  ${name}: ${value}`),
          `  features: ${report.features.join(' ')}`,
        ];
        context.result(report, lines.join('\n'));
        return EXIT.done;
      }),
    );
};
