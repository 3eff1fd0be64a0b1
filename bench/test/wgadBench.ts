import { type Finished, wgad } from '../../test/cli/wgad.ts';

/** Runs the bench package's command from its sources. */
export const wgadBench = (args: readonly string[], env?: Record<string, string>): Promise<Finished> =>
  wgad(['bench/main.ts', ...args], env, '--import=tsx');
