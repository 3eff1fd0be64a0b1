import { Command } from 'commander';
import { harmless } from '../errors.ts';
import { deviceParking } from '../runtime/parkedDevice.ts';
import type { Profiler } from '../runtime/profiler.ts';
import { VERSION } from '../version.ts';
import { watchCompiling } from './compileProgress.ts';
import type { Context } from './context.ts';
import { EXIT } from './exitCodes.ts';
import { integer } from './numbers.ts';
import type { Output } from './output.ts';
import { progressTo } from './progress.ts';
import { applySettings } from './settings.ts';
import { cachedTuning } from './tuning.ts';
import { flagVariables, unknownVariables, variablesHelp } from './variables.ts';
import type { CommandSet, Runner } from './verb.ts';

/** The command line around this one (`wgad profile -- …`): its global flags hold where these args set none. */
interface Outer {
  readonly program: Command;
  readonly profiler: Profiler;
  readonly onResult: (value: unknown) => void;
}

/** For the sessions of this process, which a command ends by itself; tests of the built module do too. @public */
export const PARKING = deviceParking();

/** What all verbs of a process share. */
interface Surroundings {
  /** Aborted at the first signal. */
  readonly signal: AbortSignal;
  /** See `Context`. */
  readonly endAtSignal: () => void;
  readonly onHangUp: (body: () => void) => void;
  readonly stdout: Output;
}

/** @param setExitCode is told what a verb returns; wrong usage and help end in a CommanderError. */
export function buildProgram(
  commands: CommandSet,
  surroundings: Surroundings,
  setExitCode: (code: number) => void,
  outer?: Outer,
): Command {
  const { signal, endAtSignal, onHangUp, stdout } = surroundings;
  const program: Command = new Command(commands.name)
    .description(commands.description)
    .version(`${commands.name} ${VERSION}, Node ${process.versions.node}`)
    .option('--gpu <index|name>', 'adapter to use, by index or part of its name')
    .option('--seed <int>', 'seed of every random choice', integer('--seed', 0), 0)
    .option(
      '--subgroup-matrix',
      "with --precision f16: products on the GPU's matrix units, by an experimental feature of Dawn",
    )
    .option('--json', 'machine-readable result on stdout')
    .option('--quiet', 'no progress')
    .option('--verbose', 'stack traces')
    .option('--no-tuning', 'kernels as the rule chooses, not as wgad tune measured')
    .option('--config <file>', 'JSON object of flags; WGAD_* variables and flags go before it')
    .addHelpText('after', `\n${variablesHelp()}\n\nExample:\n  ${commands.example}`)
    .configureHelp({ showGlobalOptions: true })
    .showSuggestionAfterError()
    .enablePositionalOptions(false)
    .hook('preAction', async (_, verb) => {
      await applySettings(program, verb);
      if (!outer) await warnOfVariables(commands, program, surroundings);
    })
    // Throws instead of exiting, so that printed output is delivered first.
    .exitOverride();
  for (const [name, value] of Object.entries(outer?.program.opts() ?? {})) {
    const source = outer!.program.getOptionValueSource(name);
    if (source !== undefined && source !== 'default') program.setOptionValueWithSource(name, value, source);
  }
  const run: Runner = async (body) => {
    const options = program.opts<{
      gpu?: string;
      seed: number;
      json?: boolean;
      quiet?: boolean;
      verbose?: boolean;
      tuning: boolean;
      subgroupMatrix?: boolean;
    }>();
    const { gpu, seed, json = false, quiet = false, verbose = false, subgroupMatrix } = options;
    const say = (text: string): void => void (quiet || process.stderr.write(`${harmless(text)}\n`));
    const progress: Context['progress'] = (label) => progressTo(process.stderr, label, quiet);
    const tuning = options.tuning ? cachedTuning(say) : undefined;
    const onCompile = watchCompiling(progress);
    setExitCode(
      await body({
        gpu: { adapter: gpu, profiler: outer?.profiler, onCompile, tuning, subgroupMatrix, parking: PARKING },
        seed,
        json,
        quiet,
        verbose,
        signal,
        endAtSignal,
        onHangUp,
        result(value, text) {
          if (outer && json) outer.onResult(value);
          else process.stdout.write(json ? `${harmless(JSON.stringify(value))}\n` : `${harmless(text)}\n`);
        },
        line: (text) => stdout.write(`${harmless(text)}\n`),
        say,
        progress,
        async inside(args, profiler, onResult) {
          let code: number = EXIT.done;
          const setCode = (value: number): void => {
            code = value;
          };
          const inner = buildProgram(commands, surroundings, setCode, { program, profiler, onResult });
          await inner.parseAsync(args, { from: 'user' });
          return code;
        },
      }),
    );
  };
  for (const add of commands.verbs) add(program, run);
  // Verbs inherit the exit override only if it was set before; commander copies it when they are made.
  return program;
}

/** A misspelt variable would be ignored. Not an error: it may be meant for another program. */
async function warnOfVariables(
  commands: CommandSet,
  program: Command,
  surroundings: Surroundings,
): Promise<void> {
  let flags = flagVariables(program);
  let unknown = unknownVariables(process.env, flags);
  if (unknown.length > 0 && commands.beside) {
    flags = [...flags, ...flagVariables(buildProgram(await commands.beside(), surroundings, () => {}))];
    unknown = unknownVariables(process.env, flags);
  }
  for (const line of unknown) process.stderr.write(`${commands.name}: warning: ${line}\n`);
}
