import { examine } from '../../doctor/examine.js';
import { listAdapters } from '../../gpu/open.js';
import { openSession } from '../../train/session.js';
import { EXIT } from '../exitCodes.js';
export const doctorVerb = (program, run) => {
    program
        .command('doctor')
        .description('adapters, limits, whether their arithmetic is right, and how fast they are; exit 4 if unusable')
        .addHelpText('after', '\nExample:\n  wgad doctor')
        .action(() => run(async (context) => {
        const adapters = await listAdapters();
        const session = await openSession(context.gpu);
        try {
            const { gpu } = session;
            const progress = context.progress('checking');
            const examination = await examine(session, (done, of) => progress.update(done, of));
            progress.finish();
            const report = {
                adapters,
                chosen: gpu.adapter,
                facts: gpu.facts,
                features: [...gpu.device.features].sort(),
                ...examination,
            };
            const lines = [
                ...adapters.map((name, i) => `adapter ${i}: ${name}`),
                `using ${gpu.adapter.name}${gpu.adapter.software ? ' (software: a CPU pretending to be a GPU)' : ''}`,
                ...Object.entries(gpu.facts).map(([name, value]) => `  ${name}: ${value}`),
                `  features: ${report.features.join(' ')}`,
                'against float64 (largest absolute and relative difference):',
                ...examination.findings.map(({ name, maxAbsolute, maxRelative, ok }) => `  ${ok ? 'ok   ' : 'WRONG'} ${name.padEnd(18)} ${maxAbsolute.toExponential(1)}  ${maxRelative.toExponential(1)}`),
                `measured: ${examination.peakGflops.toFixed(1)} GFLOP/s (matmul 512), ${examination.copyGbs.toFixed(1)} GB/s (copy)`,
            ];
            context.result(report, lines.join('\n'));
            return examination.findings.every(({ ok }) => ok) ? EXIT.done : EXIT.noAdapter;
        }
        finally {
            session.close();
        }
    }));
};
//# sourceMappingURL=doctor.js.map