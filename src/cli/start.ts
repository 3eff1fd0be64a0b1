import { watchInterrupts } from './interrupt.ts';
import { leave } from './leave.ts';
import type { CommandSet } from './verb.ts';

/** Runs the command of this process and ends it. `load` brings the commands. */
export async function start(load: () => Promise<CommandSet>): Promise<never> {
  // First, because loading the rest takes a while: from here on a signal has its own exit code.
  const interrupt = watchInterrupts();
  const [{ runCommandLine }, commands] = await Promise.all([import('./commandLine.ts'), load()]);
  // Native handles (devices, decoding threads) must not hold a finished process.
  return leave(await runCommandLine(commands, interrupt));
}
