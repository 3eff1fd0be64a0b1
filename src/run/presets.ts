import { ConfigError } from '../errors.ts';
import { givenTwice } from '../options.ts';
import { chosenDetector } from './config.ts';
import type { ChosenSettings, RunConfig } from './settings.ts';

/** The preset that every method has: a first look, in minutes. */
export const QUICK = 'quick';

/** What `--preset` says: a preset of the method, `quick`, or both with a comma between. @throws ConfigError for one named twice. */
export function presetsIn(text: string | undefined): { preset: string | undefined; quick: boolean } {
  const names = text?.split(',').map((name) => name.trim()) ?? [];
  const twice = givenTwice(names);
  if (twice !== undefined) throw new ConfigError(`--preset expects each once, got ${twice} twice`);
  const others = names.filter((name) => name !== QUICK);
  return { preset: others.length > 0 ? others.join(',') : undefined, quick: others.length < names.length };
}

/** Settings of a first look with a method; they yield to whatever is chosen. */
export function quickSettings(
  chosen: Pick<Partial<RunConfig>, 'method' | 'preset' | 'detector'>,
): Partial<RunConfig> {
  const { iterations, ...quick } = chosenDetector(chosen).defaults.quick;
  // A detector to start from is not trained further, unless that was asked for.
  return chosen.detector === undefined && iterations !== undefined ? { ...quick, iterations } : quick;
}

/** Chosen settings, then those of the preset `quick`; what is left is the method's. */
export function withPresets(said: Partial<RunConfig>): Partial<RunConfig> {
  const { preset, quick } = presetsIn(said.preset);
  const chosen = { ...said, preset };
  if (!quick) return chosen;
  const set = Object.entries(chosen).filter(([, value]) => value !== undefined);
  return { ...quickSettings(chosen), ...Object.fromEntries(set) };
}

/** Whether the default number of steps depends on the number of training images. */
export const countsPasses = (
  chosen: Pick<Partial<ChosenSettings>, 'method' | 'preset' | 'iterations' | 'detector'>,
): boolean =>
  chosen.iterations === undefined &&
  chosen.detector === undefined &&
  typeof chosenDetector(chosen).defaults.iterations !== 'number';
