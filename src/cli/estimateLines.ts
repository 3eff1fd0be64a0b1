import { detectorIn } from '../methods/detectors.ts';
import { presetsIn, QUICK } from '../run/presets.ts';
import type { RunConfig } from '../run/settings.ts';
import type { Estimate } from '../train/estimate.ts';
import { durationText, stepText } from './durations.ts';
import type { SettingFlags } from './settingFlags.ts';

/** The command of a first look at the same images with the same method. */
export function quickCommand(
  dir: string,
  { out, method, encoder, weights, layout, preset }: SettingFlags & { readonly out: string },
): string {
  const { preset: own } = presetsIn(preset);
  const flags = {
    out: `${out}-quick`,
    preset: own === undefined ? QUICK : `${QUICK},${own}`,
    ...{ method, encoder, weights, layout },
  };
  const given = Object.entries(flags).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, value],
  );
  return ['wgad', 'train', dir, ...given].map(quoted).join(' ');
}

/** As a shell reads it back. */
const quoted = (word: string): string =>
  /^[\w./,:=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

/** What `train` says before it begins, a line each. @param models that are trained alike. */
export function estimateLines(
  { training, quick, costs }: Estimate,
  config: RunConfig,
  models: number,
  command: string,
): string[] {
  const [least, most] = training.map((seconds) => models * seconds) as [number, number];
  const parts = [
    ...(config.iterations > 0 ? [`${config.iterations} steps of ${stepText(costs.step)}`] : []),
    ...(costs.heads > 0 ? [`${config.alignIterations} of the alignment of ${stepText(costs.heads)}`] : []),
    `${stepText(costs.forward)} to look at ${config.tile === undefined ? 'an image' : 'a tile'}`,
  ];
  const picks = detectorIn(config).memory?.kind === 'coreset' && config.coreset !== 'random';
  const said = [
    `training takes about ${durationText(least, most)}${models > 1 ? ` for ${models} models` : ''} here${picks ? ', and the picks of its memory beside' : ''}: ${parts.join(', ')}`,
  ];
  // Only if it is much shorter.
  if (quick[1] < least) {
    said.push(`a first look, with its report, takes about ${durationText(...quick)}: ${command}`);
  }
  return said;
}
