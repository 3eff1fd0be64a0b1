/** Flags made from the table of a run's settings. */
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { DETECTOR_NAMES, DETECTORS } from '../methods/detectors.ts';
import type { Around, FlagText, Setting } from '../run/setting.ts';
import { type FlaggedName, ROWS, type RunConfig, SETTINGS, type SettingName } from '../run/settings.ts';
import { oneOf } from './names.ts';
import { integer, real } from './numbers.ts';

/** What the flags of settings hold; texts that the flags did not judge are judged by `checkConfig`. */
export type SettingFlags = { readonly [K in FlaggedName]?: RunConfig[K] };

/** The flag of a setting. @param end how its help goes on behind what the setting is; default: with what is usual. */
export function settingFlag(name: FlaggedName, end?: string): Option {
  const row: Setting<unknown> = SETTINGS[name];
  const { says, allowed } = row;
  const flag = row.flag!;
  const option = new Option(flag, `${says}${end ?? endOf(row)}`);
  if (allowed.flagText) option.argParser(parserOf(flag.split(' ')[0]!, allowed.flagText));
  return option;
}

/** All from `first` to `last`, in the order of the table. */
export function addSettingFlags(command: Command, first: FlaggedName, last: FlaggedName): void {
  const names = ROWS.map(([name]) => name);
  for (const name of names.slice(names.indexOf(first), names.indexOf(last) + 1)) {
    if (isFlagged(name)) command.addOption(settingFlag(name));
  }
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

/** What a setting usually is: once where all methods agree, empty where none says. */
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
