import { type Command, Option } from 'commander';
import { ConfigError, gotText, shown } from '../errors.ts';
import { JsonMembers } from '../formats/jsonMembers.ts';
import { readText } from '../formats/regularFile.ts';
import { withNearest } from '../options.ts';
import { withoutStepsBack } from './stepsBack.ts';
import { variableOf } from './variables.ts';

/**
 * Fills in what no flag set, from `WGAD_*` variables first and then from the file of `--config` or `WGAD_CONFIG`:
 * built-in < file < environment < flag. A file is one JSON object of flag names without dashes in front: {"iterations":
 * 500}.
 * @throws ConfigError for a name that is not a flag of this verb, a value that its flag would refuse, or a file that
 * names another file.
 */
export async function applySettings(
  program: Command,
  verb: Command,
  environment = process.env,
): Promise<void> {
  const commands = [...new Set([program, verb])];
  refuseEmpty(verb.name(), verb.args);
  const options = commands.flatMap((command) => command.options.map((option) => ({ command, option })));
  // An empty variable is how a shell unsets one.
  refuseEmpty('--config', program.opts<{ config?: string }>().config);
  const path = program.opts<{ config?: string }>().config ?? (environment.WGAD_CONFIG || undefined);
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
    const name = nameOf(option);
    if (source !== undefined && source !== 'default') {
      refuseEmpty(`--${name}`, command.getOptionValue(key));
      continue;
    }
    const variable = variableOf(name);
    const set = (text: unknown, from: string): void =>
      void command.setOptionValueWithSource(key, parsed(option, text, from), from);
    if (environment[variable]) set(environment[variable], variable);
    else if (Object.hasOwn(file, name)) set(file[name], path!);
    else if (required.has(option)) {
      command.error(`error: required option '${option.flags}' not specified`, {
        code: 'commander.missingMandatoryOptionValue',
      });
    }
  }
  await takeStepsBack(verb, options);
}

/** What an argument or a flag's value is called where it is a path. */
const PATH = /^(run|dir|file|path|part|image|in|out|records)$/;
/** As in `--weights <file|name>` and `--images <path...>`. */
const pathsIn = ({ flags }: Option): boolean =>
  /<([^>]+)>/
    .exec(flags)?.[1]
    ?.replace('...', '')
    .split('|')
    .some((name) => PATH.test(name)) ?? false;

/** Paths become what `withoutStepsBack` makes of them, for every verb alike. */
async function takeStepsBack(
  verb: Command,
  options: readonly { readonly command: Command; readonly option: Option }[],
): Promise<void> {
  const taken = async (value: unknown): Promise<unknown> => {
    if (Array.isArray(value)) return Promise.all(value.map(taken));
    return typeof value === 'string' ? withoutStepsBack(value) : value;
  };
  for (const [i, argument] of verb.registeredArguments.entries()) {
    if (PATH.test(argument.name())) verb.processedArgs[i] = await taken(verb.processedArgs[i]);
  }
  for (const { command, option } of options) {
    if (!pathsIn(option)) continue;
    const [key, source] = [option.attributeName(), command.getOptionValueSource(option.attributeName())];
    command.setOptionValueWithSource(key, await taken(command.getOptionValue(key)), source);
  }
}

/** @throws ConfigError for an empty path or name, as a shell makes from an unset variable. */
function refuseEmpty(what: string, value: unknown): void {
  const texts: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (texts.some((text) => typeof text === 'string' && text.trim() === '')) {
    throw new ConfigError(`${what} expects a value, got an empty one`);
  }
}

/** Options that must be set: by a flag, a variable or the file. */
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
  const where = `${from}: ${nameOf(option)}`;
  if (option.negate || option.isBoolean()) {
    const set = SWITCHES.get(value);
    if (set === undefined) {
      throw new ConfigError(`${where} expects true or false, got ${gotText(value)}`, {
        fix: 'in a variable, 1 and 0 say the same',
      });
    }
    return option.negate ? !set : set;
  }
  const { parseArg } = option;
  const many = option.variadic || (parseArg !== undefined && Array.isArray(option.defaultValue));
  const values = many && Array.isArray(value) ? value : [value];
  const texts = values.map((each) => textOf(each, where));
  try {
    if (option.variadic && !parseArg) return texts;
    if (!parseArg) return texts[0];
    // A flag that may be given several times collects what came before.
    return texts.reduce<unknown>((before, text) => parseArg(text, before as never), option.defaultValue);
  } catch (error) {
    const { message } = error as Error;
    throw new ConfigError(`${message.startsWith('--') ? from : where}: ${message}`, { cause: error });
  }
}

/** Values that switch a flag without argument on and off. */
const SWITCHES: ReadonlyMap<unknown, boolean> = new Map<unknown, boolean>([
  ...[true, 'true', '1'].map((value) => [value, true] as const),
  ...[false, 'false', '0'].map((value) => [value, false] as const),
]);

/** A value as a flag would have it. @throws ConfigError for what no flag can have. */
function textOf(value: unknown, where: string): string {
  if (typeof value === 'number' || (typeof value === 'string' && value.trim() !== '')) return String(value);
  throw new ConfigError(`${where} expects a text or a number, got ${gotText(value)}`);
}

async function readSettings(path: string): Promise<Record<string, unknown>> {
  const text = await readText(path);
  const twice = await twiceIn(text);
  if (twice !== undefined) throw new ConfigError(`${path}: ${twice} is set twice: which of them counts?`);
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

/**
 * The first name that stands twice in a JSON object, where the built-in parser would keep the last without a word.
 * Undefined if no name is repeated, or the text is not an object.
 */
async function twiceIn(text: string): Promise<string | undefined> {
  const bytes = new TextEncoder().encode(text);
  const names = new Set<string>();
  let twice: string | undefined;
  const json = new JsonMembers(
    async (at, length) => bytes.subarray(at, at + length),
    bytes.length,
    (what) => {
      throw new SyntaxError(what);
    },
  );
  await json
    .object((name) => {
      if (names.has(name)) twice ??= shown(name);
      names.add(name);
      json.skip();
      return undefined;
    })
    // Other faults are reported where the file is parsed.
    .catch(() => {});
  return twice;
}
