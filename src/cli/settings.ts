import { type Command, Option } from 'commander';
import { ConfigError } from '../errors.ts';
import { readText } from '../formats/regularFile.ts';
import { withNearest } from '../options.ts';

/**
 * Fills in what no flag set, from `WGAD_*` variables first and then from the file of `--config` or `WGAD_CONFIG`:
 * built-in < file < environment < flag. A file is one JSON object of flag names without dashes in front:
 * {"iterations": 500}.
 * @throws ConfigError for a name that is no flag of this verb, a value its flag would refuse, or a file that names another.
 */
export async function applySettings(
  program: Command,
  verb: Command,
  environment = process.env,
): Promise<void> {
  const commands = [...new Set([program, verb])];
  const options = commands.flatMap((command) => command.options.map((option) => ({ command, option })));
  const path = program.opts<{ config?: string }>().config ?? environment.WGAD_CONFIG;
  const file = path === undefined ? {} : await readSettings(path);
  if (Object.hasOwn(file, 'config')) {
    throw new ConfigError(`${path}: config names another file, and settings are read from one alone`, {
      fix: 'take it out, and put the settings of the other file into this one',
    });
  }
  const known = new Set(options.map(({ option }) => nameOf(option)));
  const unknown = Object.keys(file).filter((name) => !known.has(name));
  if (unknown.length > 0) {
    const quoted = unknown.map((name) => withNearest(name, [...known])).join(', ');
    throw new ConfigError(`${path}: ${quoted} is no flag of this command`, {
      fix: `use any of ${[...known].join(', ')}`,
    });
  }
  for (const { command, option } of options) {
    const key = option.attributeName();
    const source = command.getOptionValueSource(key);
    if (source !== undefined && source !== 'default') continue;
    const name = nameOf(option);
    const variable = `WGAD_${name.toUpperCase().replaceAll('-', '_')}`;
    const set = (text: unknown, from: string): void =>
      void command.setOptionValueWithSource(key, parsed(option, text, from), from);
    if (environment[variable] !== undefined) set(environment[variable], variable);
    else if (Object.hasOwn(file, name)) set(file[name], path!);
    else if (required.has(option)) {
      command.error(`error: required option '${option.flags}' not specified`, {
        code: 'commander.missingMandatoryOptionValue',
      });
    }
  }
}

/** Options that have to be set by a flag, a variable or the file. */
const required = new WeakSet<Option>();

/**
 * An option that has to be set, by whatever means. Commander's own `requiredOption` knows flags alone, and complains
 * before it says that another flag is misspelt.
 */
export function requiredOption(flags: string, description: string): Option {
  const option = new Option(flags, `${description} (required)`);
  required.add(option);
  return option;
}

const nameOf = (option: Option): string => option.name();

function parsed(option: Option, value: unknown, from: string): unknown {
  const isSet = value === true || value === 'true' || value === '1';
  if (option.negate) return !isSet;
  if (option.isBoolean()) return isSet;
  try {
    if (option.variadic) return Array.isArray(value) ? value.map(String) : [String(value)];
    const { parseArg } = option;
    if (!parseArg) return String(value);
    // A flag that may be given several times collects what came before.
    const texts = Array.isArray(value) ? value.map(String) : [String(value)];
    return texts.reduce<unknown>((before, text) => parseArg(text, before as never), option.defaultValue);
  } catch (error) {
    throw new ConfigError(`${from}: ${(error as Error).message}`, { cause: error });
  }
}

async function readSettings(path: string): Promise<Record<string, unknown>> {
  const text = await readText(path);
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>;
    }
  } catch (cause) {
    throw new ConfigError(`${path}: is not JSON: ${(cause as Error).message}`, {
      fix: 'write one JSON object such as {"seed": 1}; JSON has no comments',
      cause,
    });
  }
  throw new ConfigError(`${path}: expects one JSON object such as {"seed": 1}`);
}
