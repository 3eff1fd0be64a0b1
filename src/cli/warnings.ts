import type { Context } from './context.ts';

/** Says what is odd about a data set and keeps nothing from working. */
export const warner =
  (context: Context) =>
  (line: string): void =>
    context.say(`warning: ${line}`);
