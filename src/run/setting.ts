/** What a row of the table of settings says, and what values it allows. */
import type { Detector } from '../methods/detector.ts';
import type { DetectorName } from '../methods/detectors.ts';

/** What a row may read of the run around it. */
export interface Around {
  readonly method: DetectorName;
  readonly preset?: string;
  /** Where training starts from a detector of this file. */
  readonly detector?: string;
  readonly size: number;
  readonly batch: number;
}

/** Settings that say what lies at the places that others name. */
export type Checksum = 'weightsSha256' | 'detectorSha256' | 'dataSha256';

/** Where what a run was trained with lies. */
export interface Places {
  readonly weights: string;
  readonly detector?: string;
  readonly data: string;
}

/** `T` are its values, `A` what is meant where a configuration leaves it out, `F` its flag. */
export interface Setting<T, A = T | undefined, F extends string = string> {
  readonly allowed: Allowed<T>;
  /** As the help shows it; absent: no flag sets it. */
  readonly flag?: F;
  /** What it is, for the flag's help and docs/methods.md. */
  readonly says: string;
  /** How the help goes on after that. Default: a space and `usual`, such as `(default: 0.05)`, where there is one. */
  readonly end?: (usual: string) => string;
  /** Of a new run that does not choose it. `images`: how many it trains on. */
  readonly usual?: (detector: Detector, run: Around, images: number) => T | undefined;
  /** `usual` in words, where a method's goes by the run. */
  readonly usualText?: (detector: Detector) => string;
  /** Of a configuration that leaves it out, because it was written before the setting was there. */
  readonly absent?: (detector: Detector, run: Partial<Pick<Around, 'size'>>) => A;
  /** Which methods have it; absent: all. */
  readonly only?: { readonly which: string; has(detector: Detector): boolean };
  /** What is wrong with it in this run, beside `allowed`; not asked for an unknown method. */
  check?(value: T | undefined, run: Around, detector: Detector): string | undefined;
  /** Of a place on this machine: the checksum by which what lies there is known again. */
  readonly knownBy?: Checksum;
  /** In words, that a checksum is another than that of a run's files. */
  readonly changed?: (run: Places) => string;
  /** Not part of a run's identity: where it happens to be computed, or what follows from the data. */
  readonly hashed?: false;
}

/** Said by whoever begins a run. */
export const given = <T>(row: Setting<T, undefined, never>) => ({ ...row, kind: 'given' as const });

/** In every configuration; of a new run the usual one unless it was chosen. */
export const always = <T, F extends string>(
  row: Setting<T, undefined, F> & Required<Pick<Setting<T>, 'usual'>>,
) => ({ ...row, kind: 'always' as const });

/** Left out of some configurations. */
export const optional = <T, A = undefined, F extends string = never>(row: Setting<T, A, F>) => ({
  ...row,
  kind: 'optional' as const,
});

/** How the text of a flag is read: a whole or a real number in a range, one of some names, a path, names between commas. */
export type FlagText =
  | { readonly kind: 'whole' | 'real'; readonly least: number; readonly most?: number }
  | { readonly kind: 'name'; readonly names: readonly string[] }
  | { readonly kind: 'path' | 'list' };

/** The values of a setting, in words and as a test. */
export interface Allowed<T> {
  /** As errors and docs/methods.md have it: `more than 0`. */
  readonly text: string;
  /** Absent: a flag's text is the value, and is judged with everything else that was chosen. */
  readonly flagText?: FlagText;
  /** What is wrong with a value, to be read behind the setting's name. */
  wrong(value: T): string[];
}

export const refusal = (text: string, value: unknown): string => `expects ${text}, got ${value}`;

export const valuesWhere = <T>(text: string, is: (value: T) => boolean, flagText?: FlagText): Allowed<T> => ({
  text,
  flagText,
  wrong: (value) => (is(value) ? [] : [refusal(text, value)]),
});

export const numberWhere = valuesWhere<number>;

/** Anything, as far as this value alone tells. */
export const free = <T>(text: string, flagText?: FlagText): Allowed<T> =>
  valuesWhere<T>(text, () => true, flagText);

export const wholeFrom = (least: number): Allowed<number> =>
  valuesWhere(`a whole number of at least ${least}`, (value) => Number.isInteger(value) && value >= least, {
    kind: 'whole',
    least,
  });

export const moreThan0: Allowed<number> = valuesWhere('more than 0', (value) => value > 0, {
  kind: 'real',
  least: 0,
});

/** @param flagText `{ kind: 'name' }` where the flag itself refuses other names, before anything else is looked at. */
export const oneOf = <T extends string | number>(
  values: readonly T[],
  text = `one of ${values.join(', ')}`,
  flagText?: FlagText,
): Allowed<T> => valuesWhere(text, (value) => values.includes(value), flagText);

/** The same, refused by the flag itself. */
export const nameOf = <T extends string>(names: readonly T[]): Allowed<T> =>
  oneOf(names, undefined, { kind: 'name', names });

export const listOf = <T extends string>(names: readonly T[]): Allowed<readonly T[]> => {
  const text = `any of ${names.join(', ')}`;
  return {
    text,
    flagText: { kind: 'list' },
    wrong(values) {
      if (!Array.isArray(values)) return [refusal('a list', values)];
      return values.filter((value) => !names.includes(value)).map((value) => refusal(text, value));
    },
  };
};
