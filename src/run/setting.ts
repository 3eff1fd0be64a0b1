/** A row of the table of settings, and the values it allows. */
import type { Alignment } from '../methods/alignments/index.ts';
import type { Detector } from '../methods/detector.ts';
import type { DetectorName } from '../methods/detectors.ts';
import { givenTwice } from '../options.ts';

/** The rest of the run, as far as a row may depend on it. */
export interface Around {
  readonly method: DetectorName;
  readonly preset?: string;
  /** File of the detector that training starts from; undefined: from the seed. */
  readonly detector?: string;
  readonly size: number;
  /** Side of the tiles that images are cut into; undefined: they are not. */
  readonly tile?: number;
  readonly batch: number;
  /** Undefined: not known yet. */
  readonly align?: readonly Alignment[];
}

/** Settings that hold the checksum of a file or folder that another setting names. */
export type Checksum = 'weightsSha256' | 'detectorSha256' | 'dataSha256';

/** Ways of scoring a trained run: `wgad test`; `predict` and `serve`; `threshold`. */
export type Scoring = 'test' | 'judge' | 'threshold';

/**
 * One row. `T`: type of its values; `A`: type of the default for files that leave it out; `F`: its flag; `S`: ways of scoring
 * that may choose it.
 */
export interface Setting<T, A = T | undefined, F extends string = string, S extends Scoring = Scoring> {
  readonly allowed: Allowed<T>;
  /** Flag with its placeholder, as in the help; absent: no flag sets it. */
  readonly flag?: F;
  /** Description, for the flag's help and docs/methods.md. */
  readonly says: string;
  /** End of the help text, after `says`. Default: `usual`, such as `(default: 0.05)`. */
  readonly end?: (usual: string) => string;
  /** Default of a new run. `images`: number of training images. */
  readonly usual?: (detector: Detector, run: Around, images: number) => T | undefined;
  /** `usual` in words, where its value depends on the run. */
  readonly usualText?: (detector: Detector) => string;
  /** Value that a configuration without the setting means (files older than the setting). */
  readonly absent?: (detector: Detector, run: Partial<Pick<Around, 'size' | 'tile'>>) => A;
  /** Methods that have the setting; absent: all. */
  readonly only?: { readonly which: string; has(detector: Detector): boolean };
  /** Checks beyond `allowed` that need the rest of the run; not called for an unknown method. */
  check?(value: T | undefined, run: Around, detector: Detector): string | undefined;
  /** For a path: the setting with the checksum of its content. */
  readonly knownBy?: Checksum;
  /** For a checksum: the message when it differs from that of a run's files, at these paths. */
  readonly changed?: (paths: {
    readonly weights: string;
    readonly detector?: string;
    readonly data: string;
  }) => string;
  /** False: not part of the run's hash (the machine, or derived from the data). */
  readonly hashed?: false;
  /** What runs did before the setting existed: hashes leave this value out, so that old hashes stay valid. */
  readonly formerly?: T;
  /** Ways of scoring that may override what training used; absent: none. */
  readonly scoring?: readonly S[];
}

/** A setting that the caller must give. */
export const given = <T>(row: Setting<T, undefined, never, never>) => ({ ...row, kind: 'given' as const });

/** A setting that every configuration has; a new run gets the default unless it was chosen. */
export const always = <T, F extends string, S extends Scoring = never>(
  row: Setting<T, undefined, F, S> & Required<Pick<Setting<T>, 'usual'>>,
) => ({ ...row, kind: 'always' as const });

/** A setting that a configuration may leave out. */
export const optional = <T, A = undefined, F extends string = never, S extends Scoring = never>(
  row: Setting<T, A, F, S>,
) => ({
  ...row,
  kind: 'optional' as const,
});

/** How a flag's text is parsed: a number in a range, a name, a path, or comma-separated names. */
export type FlagText =
  | { readonly kind: 'whole' | 'real'; readonly least: number; readonly most?: number }
  | { readonly kind: 'name'; readonly names: readonly string[] }
  | { readonly kind: 'path' | 'list' };

/** Allowed values of a setting. */
export interface Allowed<T> {
  /** In words, for errors and docs/methods.md: `more than 0`. */
  readonly text: string;
  /** Absent: the flag's text is the value; `checkConfig` checks it later. */
  readonly flagText?: FlagText;
  /** What is wrong with a value, as text to follow the setting's name; empty if nothing is. */
  wrong(value: T): string[];
}

export const refusal = (text: string, value: unknown): string => `expects ${text}, got ${value}`;

export const valuesWhere = <T>(text: string, is: (value: T) => boolean, flagText?: FlagText): Allowed<T> => ({
  text,
  flagText,
  wrong: (value) => (is(value) ? [] : [refusal(text, value)]),
});

export const numberWhere = valuesWhere<number>;

/** Accepts any value. */
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

/** Accepts the given values. */
export const oneOf = <T extends string | number>(
  values: readonly T[],
  text = `one of ${values.join(', ')}`,
  flagText?: FlagText,
): Allowed<T> => valuesWhere(text, (value) => values.includes(value), flagText);

/** The same, but the flag's parser already refuses other names. */
export const nameOf = <T extends string>(names: readonly T[]): Allowed<T> =>
  oneOf(names, undefined, { kind: 'name', names });

export const listOf = <T extends string>(names: readonly T[]): Allowed<readonly T[]> => {
  const text = `any of ${names.join(', ')}`;
  return {
    text,
    flagText: { kind: 'list' },
    wrong(values) {
      if (!Array.isArray(values)) return [refusal('a list', values)];
      const twice = givenTwice(values);
      return [
        ...values.filter((value) => !names.includes(value)).map((value) => refusal(text, value)),
        ...(twice === undefined ? [] : [`expects each once, got ${twice} twice`]),
      ];
    },
  };
};
