#!/usr/bin/env node
import { WgadError } from '../errors.ts';
import { EXIT, exitCodeOf } from './exitCodes.ts';
import { watchInterrupts } from './interrupt.ts';
import { buildProgram } from './program.ts';

// Whoever reads our results may have read enough (`| head -1`): that is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.done);
  throw error;
});
const interrupt = watchInterrupts();
const program = buildProgram(interrupt.signal, (code) => {
  process.exitCode = code;
});
try {
  await program.parseAsync();
} catch (error) {
  const options = program.opts<{ verbose?: boolean; json?: boolean }>();
  const { code, message, fix } =
    error instanceof WgadError
      ? error
      : { code: 'E_FAILED', message: String((error as Error).message ?? error), fix: undefined };
  const interrupted = interrupt.signal.aborted;
  // Stopping where it was asked to is no error to report.
  if (!(interrupted && (error as Error).name === 'AbortError')) {
    process.stderr.write(`wgad: ${code} ${message}\n${fix ? `  fix: ${fix}\n` : ''}`);
    if (options.verbose && error instanceof Error) process.stderr.write(`${error.stack}\n`);
    if (options.json) process.stdout.write(`${JSON.stringify({ error: { code, message, fix } })}\n`);
  }
  process.exitCode = interrupted ? EXIT.interrupted : exitCodeOf(error);
} finally {
  interrupt.release();
}
// Native handles (devices, decoding threads) must not hold a finished process.
process.exit(process.exitCode ?? 0);
