import type { Command } from 'commander';
import { shown } from '../errors.ts';
import { nearestNames } from '../options.ts';

const PREFIX = 'WGAD_';

/** The variable that sets a flag, by the flag's name. */
export const variableOf = (flag: string): string => `${PREFIX}${flag.toUpperCase().replaceAll('-', '_')}`;

/** Variables that set no flag, and what they do; those of a checkout are not in the help. */
const OWN: readonly (readonly [name: string, says: string, of?: 'checkout'])[] = [
  ['WGAD_CACHE', 'folder of fetched weights and measured kernels, in place of the user cache'],
  ['WGAD_TOKEN', 'what clients of wgad serve have to send'],
  ['WGAD_PYTHON', 'the Python in which wgad-bench runs PyTorch', 'checkout'],
  ['WGAD_CHROMIUM', 'the browser of the tests', 'checkout'],
  ['WGAD_SCREENSHOT', 'file for a picture of the report that the tests make', 'checkout'],
  ['WGAD_TEST_SEED', 'seed of the random numbers of the tests', 'checkout'],
  ['WGAD_FAULTS', 'what npm run test:faults tries', 'checkout'],
  ['WGAD_REWRITE_KERNELS', 'with 1, the kernels as they are become those that are expected', 'checkout'],
];

/** Names of the variables that set no flag. */
export const OWN_VARIABLES: readonly string[] = OWN.map(([name]) => name);

/** For the help of the whole command. */
export const variablesHelp = (): string =>
  [
    'Variables:',
    `  ${PREFIX}<FLAG>  sets --<flag> of every command that has it: WGAD_SIZE=128, WGAD_NO_TUNING=1`,
    ...OWN.flatMap(([name, says, of]) => (of === undefined ? [`  ${name}   ${says}`] : [])),
  ].join('\n');

/** The variables of all flags of a command and its verbs. */
export const flagVariables = (command: Command): string[] => [
  ...command.options.map((option) => variableOf(option.name())),
  ...command.commands.flatMap(flagVariables),
];

/** A line for each variable that looks like ours and sets nothing, with the one that was probably meant. */
export function unknownVariables(environment: NodeJS.ProcessEnv, flags: readonly string[]): string[] {
  const known = [...new Set([...flags, ...OWN_VARIABLES])];
  const unknown = Object.keys(environment).filter(
    (name) => name.startsWith(PREFIX) && !known.includes(name) && environment[name] !== '',
  );
  const words = known.map((name) => name.slice(PREFIX.length));
  return unknown.sort().map((name) => {
    const near = nearestNames(name.slice(PREFIX.length), words).map((word) => `${PREFIX}${word}`);
    return `${shown(name)} sets nothing${near.length > 0 ? `; did you mean ${near.join(' or ')}?` : ''}`;
  });
}
