/** Flags made from the table of a run's settings. */
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { DETECTOR_NAMES, DETECTORS } from '../methods/detectors.ts';
import { scoringNames } from '../run/scoredAs.ts';
import type { Around, FlagText, Scoring, Setting } from '../run/setting.ts';
import { type FlaggedName, ROWS, type RunConfig, SETTINGS, type SettingName } from '../run/settings.ts';
import { oneOf } from './names.ts';
import { integer, real } from './numbers.ts';

/** Values of the setting flags. Texts without a parser are unchecked until `checkConfig`. */
export type SettingFlags = { readonly [K in FlaggedName]?: RunConfig[K] };

/** Help of a setting's flag, if a command words it differently from `train`. */
interface Wording {
  readonly says?: string;
  /** What follows. Default: the setting's default. */
  readonly end?: string;
}

/** The option of a setting. */
export function settingFlag(name: FlaggedName, wording: Wording = {}): Option {
  const row: Setting<unknown> = SETTINGS[name];
  const { allowed } = row;
  const flag = row.flag!;
  const { says = row.says, end = endOf(row) } = wording;
  const option = new Option(flag, `${says}${end}`);
  if (allowed.flagText) option.argParser(parserOf(flag.split(' ')[0]!, allowed.flagText));
  return option;
}

/** Adds the flags from `first` to `last`, in table order. */
export function addSettingFlags(command: Command, first: FlaggedName, last: FlaggedName): void {
  const names = ROWS.map(([name]) => name);
  for (const name of names.slice(names.indexOf(first), names.indexOf(last) + 1)) {
    if (isFlagged(name)) command.addOption(settingFlag(name));
  }
}

/** Adds the flags of the settings that this way of scoring may override. */
export function addScoringFlags(command: Command, by: Scoring): void {
  for (const name of scoringNames(by)) command.addOption(settingFlag(name, { end: '; default: as trained' }));
}

const isFlagged = (name: SettingName): name is FlaggedName => SETTINGS[name].flag !== undefined;

function parserOf(flag: string, text: FlagText): (text: string) => unknown {
  switch (text.kind) {
    case 'whole':
      return integer(flag, text.least, text.most);
    case 'real':
      return real(flag, text.least, text.most);
    case 'name':
      return oneOf(text.names);
    case 'path':
      return (given) => resolve(given);
    case 'list':
      return (given) => given.split(',').map((name) => name.trim());
  }
}

function endOf(row: Setting<unknown>): string {
  const text = usualText(row);
  const usual = text === '' ? '' : `(default: ${text})`;
  if (row.end) return row.end(usual);
  return usual === '' ? '' : ` ${usual}`;
}

/** Default of a setting in words: the one value if all methods agree; empty without a default. */
export function usualText(row: Setting<unknown>): string {
  const found = DETECTOR_NAMES.flatMap((name) => {
    const detector = DETECTORS[name];
    const { size, batch } = detector.defaults;
    const run: Around = { method: name, size, batch };
    const usual = row.usualText?.(detector) ?? row.usual?.(detector, run, 0) ?? row.absent?.(detector, {});
    return usual === undefined ? [] : [{ name, usual: String(usual) }];
  });
  const same = found.length === DETECTOR_NAMES.length && new Set(found.map(({ usual }) => usual)).size === 1;
  return same ? found[0]!.usual : found.map(({ name, usual }) => `${usual} with ${name}`).join(', ');
}
