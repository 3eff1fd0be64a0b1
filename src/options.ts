import { ConfigError, gotText } from './errors.ts';

/**
 * The names of T's members, written out because types are gone at run time. A list that lacks one, or has one that T
 * lacks, does not compile.
 */
export type OptionNames<T> = Readonly<Record<T extends unknown ? keyof T : never, true>>;

/**
 * @throws ConfigError unless `options` is an object whose names are all among `names`: one that is misspelt would
 * otherwise be ignored. Says which was probably meant.
 */
export function requireOptions<T extends object>(
  where: string,
  options: T,
  names: OptionNames<NoInfer<T>>,
): void {
  requireNamed(where, 'options', options);
  const unknown = namesIn(options).filter((name) => !Object.hasOwn(names, name));
  if (unknown.length === 0) return;
  const known = Object.keys(names);
  const got = unknown.map((name) => withNearest(String(name), known)).join(', ');
  throw new ConfigError(
    `${where}: expects ${known.length === 1 ? 'the option' : 'options'} ${known.join(', ')}, got ${got}`,
  );
}

/**
 * All names in an object, also symbols, non-enumerable ones and those inherited from a class or prototype, except
 * methods.
 */
function namesIn(options: object): (string | symbol)[] {
  const found = new Set<string | symbol>(Reflect.ownKeys(options));
  let proto = Object.getPrototypeOf(options) as object | null;
  // Stop before Object.prototype, which every object has.
  for (; proto && Object.getPrototypeOf(proto); proto = Object.getPrototypeOf(proto) as object | null) {
    for (const [name, { get, enumerable }] of Object.entries(Object.getOwnPropertyDescriptors(proto))) {
      if (get || enumerable) found.add(name);
    }
  }
  return [...found];
}

/** @throws ConfigError unless `named` is an object of things by name; a value or a tensor in its place is an object too. */
export function requireNamed(where: string, what: string, named: object): void {
  const plain = Object.prototype.toString.call(named) === '[object Object]';
  if (plain && !('dtype' in named && ('op' in named || 'value' in named))) return;
  throw new ConfigError(`${where}: ${what} expect an object of named settings, got ${gotText(named)}`);
}

/**
 * For a function that ends with `...extra: never[]`, which makes the types refuse the same.
 * @throws ConfigError for arguments beyond a function's own, which would otherwise be ignored.
 */
export function refuseExtra(where: string, extra: readonly unknown[]): void {
  if (extra.length === 0) return;
  throw new ConfigError(`${where}: expects no further argument, got ${extra.map(gotText).join(', ')}`);
}

/** The first name or number that is there twice; undefined where each is there once. */
export const givenTwice = <T extends string | number>(names: readonly T[]): T | undefined =>
  names.find((name, i) => names.indexOf(name) < i);

/** `name` as errors quote it, with those of `known` that it was probably meant for. */
export function withNearest(name: string, known: readonly string[]): string {
  const near = nearestNames(name, known);
  return near.length > 0 ? `${name} (did you mean ${near.join(' or ')}?)` : name;
}

/**
 * Our option names under the names other libraries use, in lower case without `_` and `-`; the first known one is
 * suggested.
 */
const FOREIGN: Readonly<Record<string, readonly string[]>> = {
  attentionmask: ['neighbours'],
  attnmask: ['neighbours'],
  axes: ['axis'],
  axis: ['axes'],
  begin: ['start'],
  beta: ['bias'],
  beta1: ['betas'],
  beta2: ['betas'],
  confidence: ['level'],
  constantvalues: ['value'],
  correction: ['unbiased'],
  ddof: ['unbiased'],
  decay: ['weightDecay'],
  dim: ['axes', 'axis'],
  dims: ['axes', 'axis'],
  fill: ['value'],
  filtersize: ['kernel'],
  from: ['start'],
  gamma: ['weight'],
  gpu: ['device'],
  interpolation: ['mode', 'resample'],
  ksize: ['kernel'],
  l2: ['weightDecay'],
  learningrate: ['lr'],
  mask: ['neighbours'],
  maxkeys: ['mostKeys'],
  method: ['mode'],
  mode: ['border', 'resample'],
  name: ['label'],
  numclasses: ['classes', 'outputs'],
  offset: ['bias'],
  padding: ['border'],
  pad: ['padding'],
  pads: ['padding'],
  poolsize: ['kernel'],
  prefetch: ['ahead'],
  rate: ['lr', 'dropout', 'p'],
  rng: ['seed', 'key'],
  runningmean: ['mean'],
  runningvar: ['variance'],
  scalefactor: ['size'],
  size: ['kernel'],
  std: ['sigma'],
  stddev: ['sigma'],
  stop: ['end'],
  stride: ['step'],
  threads: ['workers'],
  to: ['end'],
  transa: ['transposeA'],
  transb: ['transposeB'],
  var: ['variance'],
  window: ['kernel'],
};

/**
 * Those of `known` that `given` was probably meant for, equally near; none where nothing is near. Cases, `_` and `-` do
 * not count.
 */
export function nearestNames(given: string, known: readonly string[]): string[] {
  const word = bare(given);
  const distances = known.map((name) => edits(word, bare(name)));
  const least = Math.min(...distances);
  const nearest = known.filter((_, i) => distances[i] === least);
  if (least <= 1) return nearest;
  const meant = Object.hasOwn(FOREIGN, word) && FOREIGN[word]!.find((name) => known.includes(name));
  if (meant) return [meant];
  const around = known.filter((name) => isPart(word, bare(name)) || isPart(bare(name), word));
  if (around.length > 0) return around;
  return least <= word.length / 3 ? nearest : [];
}

const bare = (name: string): string => name.replace(/[_-]/g, '').toLowerCase();

/** As `kernel` in `kernelSize`. Two letters would match too many names. */
const isPart = (part: string, whole: string): boolean => part.length >= 3 && whole.includes(part);

/** Edit distance with swaps of neighbouring letters (optimal string alignment). */
function edits(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row.push(
        Math.min(
          rows[i - 1]![j]! + 1,
          row[j - 1]! + 1,
          rows[i - 1]![j - 1]! + same,
          swapped ? rows[i - 2]![j - 2]! + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}
