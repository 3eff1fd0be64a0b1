import { ConfigError } from '../errors.ts';
import { type Binding, ELEMENT_BYTES, type Element } from '../kernels/kernel.ts';
import { givenTwice, withNearest } from '../options.ts';
import type { Described } from './reading.ts';

const DECLARED =
  /@group\(0\)\s*@binding\((\d+)\)\s*var<(uniform|storage)(?:,\s*(read|read_write))?>\s*(\w+)\s*:\s*([^;]+);/g;

/**
 * A kernel of somebody's own WGSL, as far as it can be known from its declarations.
 * @param bind `name=elements` of an array, `name=word,word` of a uniform buffer of u32; arrays that are left out have no length.
 * @throws ConfigError for a name that the text does not declare, or that `bind` has twice.
 */
export function describeText(
  wgsl: string,
  { label, grid, bind }: Pick<Described, 'label' | 'grid'> & { readonly bind: readonly string[] },
): Described {
  const declared = [...wgsl.matchAll(DECLARED)].map(([, index, space, access, name, type]) => ({
    index: Number(index),
    uniform: space === 'uniform',
    access: access === 'read_write' ? ('readWrite' as const) : ('read' as const),
    name: name!,
    element: elementOf(type!),
  }));
  declared.sort((a, b) => a.index - b.index);
  const names = declared.map(({ name }) => name);
  const lengths = bind.map((text) => lengthsOf(text, names));
  const twice = givenTwice(lengths.map(([name]) => name));
  if (twice !== undefined) throw new ConfigError(`--bind expects each name once, got ${twice} twice`);
  const given = new Map(lengths);
  const bindings = declared
    .filter(({ uniform }) => !uniform)
    .map(
      ({ name, access, element }): Binding => ({ name, access, element, length: given.get(name)?.[0] ?? 0 }),
    );
  const uniform = declared.find((each) => each.uniform);
  const words = uniform && given.get(uniform.name);
  return {
    label,
    wgsl,
    bindings,
    grid,
    bytes: bindings.reduce(
      (sum, { access, element, length }) =>
        sum + length * ELEMENT_BYTES[element] * (access === 'readWrite' ? 2 : 1),
      0,
    ),
    ...(words && { sizes: Object.fromEntries(words.map((word, i) => [`word${i}`, word])) }),
  };
}

const SHORT: Readonly<Record<string, Element>> = { h: 'f16', i: 'i32', u: 'u32' };

/** Of `array<vec4<f16>>`, `array<vec4h>`, `array<u32>`, …; a structure counts in words of four bytes. */
const elementOf = (type: string): Element =>
  (/\b(f16|i32|u32)\b/.exec(type)?.[1] as Element | undefined) ??
  SHORT[/vec\d([hiu])\b/.exec(type)?.[1] ?? ''] ??
  'f32';

function lengthsOf(text: string, names: readonly string[]): [string, number[]] {
  const [name, lengths, ...more] = text.split('=') as [string, string?, ...string[]];
  const numbers = (lengths ?? '').split(',').map((each) => (/^\d+$/.test(each) ? Number(each) : Number.NaN));
  if (more.length > 0 || !numbers.every(Number.isSafeInteger)) {
    throw new ConfigError(`--bind expects array=elements or uniform=word,word, got ${text}`);
  }
  if (!names.includes(name)) {
    throw new ConfigError(
      `--bind: the text declares ${names.join(', ') || 'nothing'}, got ${withNearest(name, names)}`,
    );
  }
  return [name, numbers];
}
