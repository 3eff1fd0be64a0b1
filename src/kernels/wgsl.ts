/**
 * The `wgsl` tag: WGSL stands in TypeScript as WGSL. It prints numbers exactly, inserts each required function
 * once, and dedents; loops and conditions are TypeScript's. A spliced piece is a number or another `wgsl` value.
 */

/** A piece of WGSL and the functions it calls. */
export interface Wgsl {
  readonly text: string;
  readonly functions: readonly WgslFunction[];
}

/** A WGSL function that a kernel may require; written once however many pieces ask for it. */
export interface WgslFunction {
  readonly name: string;
  readonly source: string;
  readonly needs?: readonly WgslFunction[];
}

type Splice = number | Wgsl | readonly Wgsl[];

/** An identifier or expression that comes from a table, not from a user. */
export const code = (text: string, ...functions: WgslFunction[]): Wgsl => ({ text, functions });

export function wgsl(strings: TemplateStringsArray, ...splices: Splice[]): Wgsl {
  const functions: WgslFunction[] = [];
  let text = strings[0]!;
  splices.forEach((splice, i) => {
    text += spliceText(splice, text, functions) + strings[i + 1]!;
  });
  return { text: dedent(text), functions };
}

/** Shortest decimal form that reads back as the same double. @throws where WGSL has no literal for it. */
export function numberLiteral(value: number): string {
  if (!Number.isFinite(value)) throw new Error(`wgsl: ${value} has no WGSL literal`);
  return Object.is(value, -0) ? '-0.0' : String(value);
}

/**
 * A number as f32, rounded as tensor data is: a literal, which is a float even where the value is whole. WGSL has none
 * for NaN and infinities.
 */
export function floatLiteral(value: number): string {
  const rounded = Math.fround(value);
  if (!Number.isFinite(rounded)) return hiddenLiteral(rounded);
  // The shorter text reads back as the same float; beyond the largest one it would be an error.
  const text = numberLiteral(rounded === 0 || Math.abs(value) > MOST_F32 ? rounded : value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/** The same for a factor or divisor: a 0 is hidden from the compiler. */
export const factorLiteral = (value: number): string =>
  Math.fround(value) === 0 ? hiddenLiteral(value) : floatLiteral(value);

/** The largest finite f32. */
export const MOST_F32 = 3.4028234663852886e38;

/**
 * A number as f32 that the compiler cannot evaluate: constant NaN and infinities are errors, and x * 0 with a constant
 * 0 is folded to 0 whatever x is. Stands inside `main`, whose `wid.z` is 0 (grids are linear).
 */
export function hiddenLiteral(value: number): string {
  const bits = new Uint32Array(Float32Array.of(value).buffer)[0]!;
  return `bitcast<f32>(0x${bits.toString(16)}u + wid.z)`;
}

/** Body and functions as one module text, each function before its first caller. */
export function wgslText(body: Wgsl, label: string): string {
  if (/\b(undefined|NaN|Infinity)\b/.test(body.text)) {
    throw new Error(`wgsl: kernel ${label} contains a value that is not a number:\n${body.text}`);
  }
  const written = new Map<string, string>();
  const add = (fn: WgslFunction): void => {
    if (written.has(fn.name)) return;
    for (const need of fn.needs ?? []) add(need);
    written.set(fn.name, fn.source);
  };
  for (const fn of body.functions) add(fn);
  return `${[...written.values()].map((source) => `${dedent(source)}\n`).join('')}${body.text}\n`;
}

function spliceText(splice: Splice, before: string, functions: WgslFunction[]): string {
  if (typeof splice === 'number') return numberLiteral(splice);
  if (!Array.isArray(splice)) return pieceText(splice as Wgsl, before, functions);
  const indent = currentIndent(before);
  return (splice as readonly Wgsl[]).map((piece) => pieceText(piece, before, functions)).join(`\n${indent}`);
}

function pieceText(piece: Wgsl, before: string, functions: WgslFunction[]): string {
  functions.push(...piece.functions);
  return piece.text.split('\n').join(`\n${currentIndent(before)}`);
}

/** The spaces that the last line begins with. */
function currentIndent(text: string): string {
  const start = text.lastIndexOf('\n') + 1;
  let end = start;
  while (text[end] === ' ') end++;
  return text.slice(start, end);
}

function dedent(text: string): string {
  const lines = text.replace(/^\n/, '').trimEnd().split('\n');
  const depths = lines.filter((line) => line.trim()).map((line) => /^ */.exec(line)![0].length);
  const depth = depths.length === 0 ? 0 : Math.min(...depths);
  return lines.map((line) => line.slice(depth).trimEnd()).join('\n');
}
