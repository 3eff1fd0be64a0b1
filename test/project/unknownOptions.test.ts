import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Engine, WgadError } from '../../src/index.ts';
import { ENTRIES, FUNCTIONS, functionsOf, isError, isFree, objects, type PublicCall } from './publicCalls.ts';

type Path = readonly string[];
type Node = Readonly<Record<string, unknown>>;

/** What a call, or the promise it gives, throws. */
async function thrownBy({ call }: PublicCall, args: readonly unknown[]): Promise<unknown> {
  try {
    await call(...args);
  } catch (error) {
    return error;
  }
  return undefined;
}

/** Where the objects of named options lie in a call's arguments, and what they hold. */
function* optionsIn(node: unknown, path: Path = []): Generator<[path: Path, options: Node]> {
  if (typeof node !== 'object' || node === null || isFree(node) || 'op' in node) return;
  const list = Array.isArray(node);
  if (!list && Object.getPrototypeOf(node) !== Object.prototype) return;
  if (!list) yield [path, node as Node];
  for (const [name, child] of Object.entries(node)) yield* optionsIn(child, [...path, name]);
}

/** `node` with what lies at `path` replaced. */
function replaced(node: unknown, [name, ...rest]: Path, part: unknown): unknown {
  if (name === undefined) return part;
  const copy = (Array.isArray(node) ? [...node] : { ...(node as object) }) as Record<string, unknown>;
  copy[name] = replaced(copy[name], rest, part);
  return copy;
}

const withOptions = (args: readonly unknown[], path: Path, options: Node): readonly unknown[] =>
  replaced(args, path, options) as unknown[];

/** Every word that one slip makes of a name, as Python's users write it, and in small letters. */
function misspelt(name: string, known: readonly string[]): string[] {
  const words = [name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), name.toLowerCase()];
  for (let i = 0; i < name.length; i++) {
    const [before, here, after] = [name.slice(0, i), name[i]!, name.slice(i + 1)];
    words.push(
      before + after,
      `${before}q${after}`,
      `${before}${here}q${after}`,
      `${before}${here}${here}${after}`,
    );
    if (after !== '') words.push(before + after[0] + here + after.slice(1));
  }
  return [...new Set(words)].filter((word) => word !== '' && !known.includes(word));
}

const NAMES = /expects (?:the option|options) ([\w, ]+), got /;

/** Everything in which a call ignores an option that it does not know, or names another than the nearest. */
async function faultsOf(each: PublicCall): Promise<string[]> {
  const faults: string[] = [];
  for (const [path, options] of optionsIn(each.args)) {
    const at = path.join('.');
    const unknown = await thrownBy(each, withOptions(each.args, path, { ...options, zzzzzzzz: 1 }));
    const listed = NAMES.exec((unknown as Error | undefined)?.message ?? '')?.[1]?.split(', ');
    if (!(unknown instanceof WgadError) || unknown.code !== 'E_CONFIG' || !listed) {
      faults.push(`${at}: zzzzzzzz gives ${unknown}`);
      continue;
    }
    const untried = listed.filter((name) => !Object.hasOwn(options, name));
    if (untried.length > 0) faults.push(`${at}: the table has no ${untried}`);
    for (const name of Object.keys(options)) {
      const { [name]: value, ...others } = options;
      for (const word of misspelt(name, listed)) {
        const error = await thrownBy(each, withOptions(each.args, path, { ...others, [word]: value }));
        const meant = new RegExp(`${word} \\(did you mean ([\\w ]+)\\?\\)`)
          .exec(String(error))?.[1]
          ?.split(' or ');
        if (!meant?.includes(name)) faults.push(`${at}: ${word} for ${name} gives ${error}`);
      }
    }
  }
  return faults;
}

async function refusesMore(each: PublicCall): Promise<void> {
  for (const more of [{ reduction: 'none' }, undefined, 3]) {
    const error = await thrownBy(each, [...each.args, more]);
    expect(error).toMatchObject({
      code: 'E_CONFIG',
      message: expect.stringContaining('expects no further argument, got '),
    });
  }
}

describe('every exported function', () => {
  it('every exported function is in the table', () => {
    const tried = new Set(FUNCTIONS.map(({ name }) => name));
    const exported = Object.entries(ENTRIES).flatMap(([entry, all]) =>
      Object.entries(all)
        // What makes an engine is among the objects.
        .filter(([, value]) => typeof value === 'function' && !isError(value) && value !== Engine)
        .map(([name]) => `${entry} ${name}`),
    );
    expect(exported.filter((name) => !tried.has(name))).toEqual([]);
  });

  it.each(FUNCTIONS)('$name is called rightly in the table', async (each) => {
    const error = await thrownBy(each, each.args);
    // There are no files and no device, and nothing is made where something is.
    if (/^data |^bench (?:check|measure)/.test(each.name))
      expect(error).not.toMatchObject({ code: 'E_CONFIG' });
    else if (!/parseSafetensors/.test(each.name)) expect(error).toBe(undefined);
  });

  it.each(FUNCTIONS)('$name refuses an argument beyond its own', refusesMore);

  it.each(FUNCTIONS.filter(({ args }) => !optionsIn(args).next().done))(
    '$name refuses an option that it does not know, and names the nearest',
    async (each) => {
      expect(await faultsOf(each)).toEqual([]);
    },
  );
});

/** They take what a call of the user's own function takes, and refuse what that does. */
const AS_A_CALL = /^compiled function (graph|plan|kernels)$/;

describe('every function of an object', () => {
  let engine: Engine;
  let all: ReturnType<typeof objects>;

  beforeAll(async () => {
    engine = await Engine.create();
    all = objects(engine);
  });

  afterAll(() => engine.dispose());

  const calls = (): PublicCall[] =>
    all.flatMap(([label, object, methods]) =>
      Object.entries(methods).flatMap(([name, args]) => {
        const method = (object as Record<string, unknown>)[name] as PublicCall['call'] | undefined;
        return method ? [{ name: `${label} ${name}`, call: method.bind(object), args }] : [];
      }),
    );

  it('every function of an object is in the table', () => {
    const absent = all.flatMap(([label, object, methods]) =>
      functionsOf(object).flatMap((name) => (Object.hasOwn(methods, name) ? [] : [`${label} ${name}`])),
    );
    expect(absent).toEqual([]);
  });

  it('every function of an object refuses an argument beyond its own', async () => {
    for (const each of calls()) if (!AS_A_CALL.test(each.name)) await refusesMore(each);
  });

  it('every function of an object refuses an option that it does not know, and names the nearest', async () => {
    const faults: string[] = [];
    for (const each of calls()) {
      faults.push(...(await faultsOf(each)).map((fault) => `${each.name} ${fault}`));
    }
    expect(faults).toEqual([]);
  });
});
