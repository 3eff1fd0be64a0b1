import type { Context } from './context.ts';

/** Prints a warning about a data set. */
export const warner =
  (context: Context) =>
  (line: string): void =>
    context.say(`warning: ${line}`);
