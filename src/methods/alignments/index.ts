import { refuseExtra } from '../../options.ts';
import type { AlignmentHead, AlignmentRecord, Level } from './alignment.ts';
import { TABLE } from './table.ts';

/**
 * Names in `--align` and a run's configuration: `none`; CADA with mean and maximum; with mean and standard deviation
 * (methods.md 7.6); CaDA-A (the true class's statistics); CaDA-B (those of the class that a head names).
 */
export type Alignment = keyof typeof TABLE;
export const ALIGNMENTS = Object.keys(TABLE) as readonly Alignment[];

type HeadOf<Record> = Record extends AlignmentRecord<infer Name> ? Name : never;
/** Which head; also the first word of its tensors' names. */
export type HeadName = { [A in Alignment]: HeadOf<(typeof TABLE)[A]> }[Alignment];

export const ALIGNMENT_RECORDS: Readonly<Record<Alignment, AlignmentRecord<HeadName>>> = TABLE;

/** Name of the raw scores, which are computed beside those of a run's alignments. */
export const UNALIGNED: Alignment = 'none';

/** Whether scores are calibrated under it. */
export const calibrates = (alignment: Alignment): boolean => ALIGNMENT_RECORDS[alignment].unit !== null;

const heads = Object.values(ALIGNMENT_RECORDS).flatMap(({ head }) => head ?? []);

/** Each head once, in the order in which they are trained. */
export const HEAD_RECORDS = Object.fromEntries(heads.map((head) => [head.name, head])) as Readonly<
  Record<HeadName, AlignmentHead<HeadName>>
>;

/** What each head learns beside u: the map's maximum or its u + 3 sigma; or the class alone. */
export const HEADS = Object.fromEntries(heads.map(({ name, learns }) => [name, learns])) as Readonly<
  Record<HeadName, Level | 'label'>
>;

/** The head that an alignment predicts with, where it has one. */
export const HEAD_OF = Object.fromEntries(
  ALIGNMENTS.map((name) => [name, ALIGNMENT_RECORDS[name].head?.name ?? null]),
) as Readonly<Record<Alignment, HeadName | null>>;

/** The heads that a run with these alignments trains, in order. */
export const headsOf = (alignments: readonly Alignment[], ...extra: never[]): HeadName[] => {
  refuseExtra('headsOf', extra);
  return (Object.keys(HEADS) as HeadName[]).filter((name) =>
    alignments.some((each) => HEAD_OF[each] === name),
  );
};

/** The first alignment that predicts an image's own statistics, by which images are marked unfamiliar; null for none. */
export const predictingAlignment = (
  alignments: readonly Alignment[],
  ...extra: never[]
): Alignment | null => {
  refuseExtra('predictingAlignment', extra);
  return (
    alignments.find((each) => {
      const head = HEAD_OF[each];
      return head !== null && HEADS[head] !== 'label';
    }) ?? null
  );
};
