import { Command } from 'commander';
import type { Context } from './context.ts';
/** Adds one verb to the program. `run` is how its action gets the context and sets the exit code. */
export type AddVerb = (program: Command, run: Runner) => void;
export type Runner = (body: (context: Context) => Promise<number>) => Promise<void>;
export declare function buildProgram(signal: AbortSignal, setExitCode: (code: number) => void): Command;
