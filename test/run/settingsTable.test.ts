import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { usualText } from '../../src/cli/settingFlags.ts';
import { DETECTOR_NAMES, DETECTORS } from '../../src/methods/detectors.ts';
import { type FlaggedName, ROWS, SETTINGS } from '../../src/run/settings.ts';

const PAGE = 'docs/methods.md';

const cell = (text: string): string => text.replaceAll('|', '\\|');
const code = (text: string | undefined): string => (text === undefined ? '' : `\`${text}\``);

const lines = [
  '| setting | flag | what it is | values | default |',
  '| --- | --- | --- | --- | --- |',
  ...ROWS.map(([name, row]) => {
    const cells = [code(name), code(row.flag?.split(' ')[0]), row.says, row.allowed.text, usualText(row)];
    return `| ${cells.map(cell).join(' | ')} |`.replaceAll('  ', ' ');
  }),
];

it('docs/methods.md has the table of settings that the rows make', async () => {
  expect(await readFile(PAGE, 'utf8')).toContain(`\n${lines.join('\n')}\n`);
});

it('docs/methods.md has the settings of a first look', async () => {
  const flag = (name: string): string => SETTINGS[name as FlaggedName].flag!.split(' ')[0]!;
  const rows = DETECTOR_NAMES.map((method) => {
    const values = Object.entries(DETECTORS[method].defaults.quick).map(
      ([name, value]) => `${flag(name)} ${value}`,
    );
    return `| ${method} | \`${values.join(' ')}\` |`;
  });
  expect(await readFile(PAGE, 'utf8')).toContain(`\n${rows.join('\n')}\n`);
});
