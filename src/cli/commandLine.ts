import { CommanderError } from 'commander';
import { FileError, WgadError } from '../errors.ts';
import { fileError, isSystemError } from '../formats/fileErrors.ts';
import { EXIT, exitCodeOf } from './exitCodes.ts';
import type { Interrupt } from './interrupt.ts';
import { outputTo } from './output.ts';
import { buildProgram } from './program.ts';
import type { CommandSet } from './verb.ts';

/** Runs what the process was called with, until all that it says is delivered. @returns the exit code. */
export async function runCommandLine(commands: CommandSet, interrupt: Interrupt): Promise<number> {
  const [stdout, stderr] = [outputTo(process.stdout), outputTo(process.stderr)];
  let code: number = EXIT.done;
  const surroundings = {
    signal: interrupt.signal,
    endAtSignal: () => interrupt.endNow(),
    onHangUp: (body: () => void) => interrupt.onHangUp(body),
    stdout,
  };
  const program = buildProgram(commands, surroundings, (value) => {
    code = value;
  });
  try {
    await program.parseAsync();
  } catch (error) {
    // Help, version or wrong usage: commander has already printed it.
    if (error instanceof CommanderError) code = error.exitCode === 0 ? EXIT.done : EXIT.usage;
    else {
      code = interrupt.code ?? exitCodeOf(error);
      // A requested stop is not reported as an error.
      const stopped = interrupt.code !== undefined && (error as Error).name === 'AbortError';
      if (!stopped) report(ofSystem(error), program.opts());
    }
  }
  // The work is done; wait for the output to be delivered.
  interrupt.endNow();
  // Writes are delivered in order, so the last one arrives last.
  await Promise.all([stdout.write(''), stderr.write('')]);
  const { error } = stdout;
  // The reader of our results may stop early (`| head -1`): not a failure.
  if (error && error.code !== 'EPIPE') {
    await stderr.write(`wgad: E_FILE the results could not be written to stdout: ${error.message}\n`);
    if (code === EXIT.done) code = EXIT.failed;
  }
  // Verbs say that they were stopped; which signal it was is known here.
  return code === EXIT.interrupted ? (interrupt.code ?? code) : code;
}

/** Turns a raw system error into a FileError. */
function ofSystem(error: unknown): unknown {
  if (!isSystemError(error)) return error;
  if (error.syscall === 'uv_cwd') {
    return new FileError('the current folder is gone', { fix: 'change into one that exists', cause: error });
  }
  const reading = /^(open|read|stat|lstat|scandir|opendir|realpath)$/.test(error.syscall ?? '');
  return error.path === undefined ? error : fileError(error.path, reading ? 'read' : 'written', error);
}

function report(error: unknown, options: { verbose?: boolean; json?: boolean }): void {
  const { code, message, fix } =
    error instanceof WgadError
      ? error
      : { code: 'E_FAILED', message: String((error as Error).message ?? error), fix: undefined };
  process.stderr.write(`wgad: ${code} ${message}\n${fix ? `  fix: ${fix}\n` : ''}`);
  if (options.verbose && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  if (options.json) process.stdout.write(`${JSON.stringify({ error: { code, message, fix } })}\n`);
}
