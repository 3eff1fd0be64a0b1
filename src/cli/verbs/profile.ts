import { measurePace } from '../../bench/pace.ts';
import { ConfigError } from '../../errors.ts';
import { requireWritable } from '../../formats/regularFile.ts';
import { writeChromeTrace } from '../../profile/chromeTrace.ts';
import { type Grouping, summarize } from '../../profile/summary.ts';
import { formatProfile } from '../../profile/table.ts';
import { type Clock, makeProfiler } from '../../runtime/profiler.ts';
import { openSession } from '../../runtime/session.ts';
import type { Context } from '../context.ts';
import { oneOf } from '../names.ts';
import { integer } from '../numbers.ts';
import type { AddVerb } from '../verb.ts';

interface ProfileFlags {
  readonly trace?: string;
  readonly by: Grouping;
  readonly top: number;
  readonly clock?: Clock;
}

export const profileVerb: AddVerb = (program, run) => {
  program
    .command('profile')
    .description('run a command and print what each kernel took: time, rates, share of the roofline')
    .usage('[options] -- <verb> [its arguments]')
    .argument('<verb...>', 'the command, after --')
    .option(
      '--trace <file>',
      "write every dispatch as Chrome's trace JSON (chrome://tracing, ui.perfetto.dev)",
    )
    .option(
      '--by <what>',
      'a row per kernel, or per layer and kernel: kernel, layer',
      oneOf(['kernel', 'layer']),
      'kernel',
    )
    .option('--top <n>', 'rows to print', integer('--top', 1), 30)
    .option(
      '--clock <name>',
      'timestamp or wall; default timestamp where the adapter has it',
      oneOf(['timestamp', 'wall']),
    )
    .addHelpText('after', '\nExample:\n  wgad profile --trace trace.json -- test runs/first')
    .action((verb: string[], flags: ProfileFlags) => run((context) => profile(context, verb, flags)));
};

async function profile(context: Context, verb: readonly string[], flags: ProfileFlags): Promise<number> {
  if (context.gpu.profiler) throw new ConfigError('profile: expects a command other than profile');
  if (verb.some((arg) => arg.startsWith('--gpu'))) {
    throw new ConfigError(
      'profile: expects --gpu before the --: the roofline is measured on that adapter too',
    );
  }
  if (flags.trace !== undefined) await requireWritable(flags.trace);
  const profiler = makeProfiler(flags.clock);
  const results: unknown[] = [];
  const began = performance.now();
  const exitCode = await context.inside(verb, profiler, (value) => results.push(value));
  const wallMs = performance.now() - began;
  if (profiler.clock === null) {
    context.result({ verb, exitCode, results, dispatches: 0 }, 'no device was opened: nothing to profile');
    return exitCode;
  }
  if (flags.clock === 'timestamp' && profiler.clock === 'wall') {
    context.say(
      'this adapter has no timestamps: each dispatch was submitted alone and timed by the wall clock',
    );
  }
  context.say("measuring this adapter's best rates");
  const { pace, adapter } = await measured(context);
  const summary = summarize(profiler, pace, flags.by);
  const lines = [formatProfile(summary, flags.top), `the command took ${wallMs.toFixed(0)} ms in all`];
  context.result(
    { verb, exitCode, results, adapter, wallMs, ...summary, trace: flags.trace ?? null },
    lines.join('\n'),
  );
  // After the results are printed, so that a full disk does not lose them.
  if (flags.trace !== undefined) {
    const events = await writeChromeTrace(flags.trace, profiler, adapter);
    const line = `${flags.trace}: ${events} of ${summary.dispatches} dispatches`;
    if (!context.json) await context.line(line);
  }
  return exitCode;
}

/** After the command and on a device of its own: compiling the products first would take the command's time. */
async function measured({ gpu: { adapter, tuning } }: Context) {
  const session = await openSession({ adapter, tuning });
  try {
    return { pace: await measurePace(session), adapter: session.gpu.adapter.name };
  } finally {
    session.close();
  }
}
