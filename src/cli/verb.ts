import type { Command } from 'commander';
import type { Context } from './context.ts';

/** Adds one verb to the program. `run` is how its action gets the context and sets the exit code. */
export type AddVerb = (program: Command, run: Runner) => void;
export type Runner = (body: (context: Context) => Promise<number>) => Promise<void>;

/** A command: its name and its verbs. */
export interface CommandSet {
  readonly name: string;
  readonly description: string;
  /** A command line that works. */
  readonly example: string;
  readonly verbs: readonly AddVerb[];
  /** A command that is used beside this one: variables that set its flags are known here too. */
  readonly beside?: () => Promise<CommandSet>;
}
