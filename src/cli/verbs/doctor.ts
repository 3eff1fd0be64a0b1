import { deviceClock } from '../../bench/deviceClock.ts';
import { type Examination, examine } from '../../doctor/examine.ts';
import { NARROW, narrow, textTable } from '../../formats/textTable.ts';
import { allLimits, listAdapters } from '../../gpu/open.ts';
import { timestampGranularity } from '../../gpu/timestampGranularity.ts';
import { LEAST_STEPS } from '../../runtime/profiler.ts';
import { openSession } from '../../runtime/session.ts';
import { EXIT } from '../exitCodes.ts';
import type { AddVerb } from '../verb.ts';

export const doctorVerb: AddVerb = (program, run) => {
  program
    .command('doctor')
    .description(
      'adapters, limits, every op family and its derivatives against float64, and the measured pace; exit 4 if unusable',
    )
    .addHelpText('after', '\nExample:\n  wgad doctor')
    .action(() =>
      run(async (context) => {
        const adapters = await listAdapters();
        // As `bench` and `profile` open the device: the step of its timestamps is the one that they see.
        const session = await openSession({
          ...context.gpu,
          profiler: context.gpu.profiler ?? deviceClock().profiler,
        });
        try {
          const { gpu } = session;
          const progress = context.progress('checking');
          const examination = await examine(session, (done, of) => {
            context.signal.throwIfAborted();
            progress.update(done, of);
          });
          progress.finish();
          const report = {
            adapters,
            chosen: gpu.adapter,
            facts: gpu.facts,
            features: [...gpu.device.features].sort(),
            limits: { adapter: gpu.adapterLimits, device: allLimits(gpu.device.limits) },
            timestampGranularityNs: await timestampGranularity(gpu.device),
            ...examination,
          };
          const lines = [
            ...adapters.map((name, i) => `adapter ${i}: ${name}`),
            `using ${gpu.adapter.name}${gpu.adapter.software ? ' (software: a CPU pretending to be a GPU)' : ''}`,
            ...Object.entries(gpu.facts).map(([name, value]) => `  ${name}: ${value}`),
            `  features: ${report.features.join(' ')}`,
            `  timestamps: ${timestampsText(report.timestampGranularityNs)}`,
            'limits of the adapter (and of the device, where it was opened with less):',
            ...limitLines(report.limits),
            'against float64, per op family the largest differences:',
            ...familyLines(examination.families),
            ...examination.findings
              .filter(({ ok }) => !ok)
              .map(({ name, maxRelative }) => `  WRONG ${name}: ${maxRelative.toExponential(1)}`),
            `measured: ${examination.peakGflops.toFixed(1)} GFLOP/s (${examination.peakAt}), ${examination.copyGbs.toFixed(1)} GB/s (copy of ${examination.copyAt}), ${examination.submitMs.toFixed(4)} ms a submit and ${examination.dispatchMs.toFixed(4)} ms a dispatch in it`,
          ];
          context.result(report, narrow(lines.join('\n')));
          return examination.findings.every(({ ok }) => ok) ? EXIT.done : EXIT.noAdapter;
        } finally {
          session.close();
        }
      }),
    );
};

/** The case is named where the difference is largest. */
function familyLines(families: Examination['families']): readonly string[] {
  return textTable(
    families,
    [
      { title: '', words: true, cell: ({ ok }) => (ok ? 'ok' : 'WRONG') },
      { title: 'family', words: true, cell: ({ family }) => family },
      { title: 'absolute', cell: ({ maxAbsolute }) => maxAbsolute.toExponential(1) },
      { title: 'relative', cell: ({ maxRelative }) => maxRelative.toExponential(1) },
      { title: 'checks', cell: ({ checks }) => String(checks) },
      { title: 'where', words: true, cell: ({ worst }) => worst },
    ],
    NARROW,
  ).lines;
}

const DAWN_STEP = '65,536 ns';

function timestampsText(step: number | null): string {
  if (step === null) return "none; times are the wall clock's";
  return `in steps of ${step} ns, as bench and profile read them (${DAWN_STEP} where Dawn is not told otherwise); nothing below ${((LEAST_STEPS * step) / 1e6).toPrecision(2)} ms can be told from them`;
}

function limitLines({ adapter, device }: Record<'adapter' | 'device', Record<string, number>>): string[] {
  const width = Math.max(...Object.keys(adapter).map((name) => name.length));
  return Object.entries(adapter).map(([name, value]) => {
    const own = device[name] === value ? '' : `  (${device[name]})`;
    return `  ${name.padEnd(width)}  ${value}${own}`;
  });
}
