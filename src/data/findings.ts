import { refuseExtra, requireOptions } from '../options.ts';

/** A finding about a data set: a problem, or an oddity. */
export interface DatasetProblem {
  readonly kind: ProblemKind;
  readonly path: string;
  /** The faulty item, in a few words. */
  readonly item: string;
  /** The whole sentence. */
  readonly message: string;
}

/** Summary for several findings of a kind, before the examples; null: each gets its own sentence. */
const SUMMARIES = {
  layout: null,
  unlabelled: null,
  row: null,
  'no-train': (n: number) => `${n} classes have no training images`,
  'no-test': (n: number) => `${n} classes have no test images`,
  'missing-mask': (n: number) => `${n} anomalous images have no mask and are left out of pixel metrics`,
  'missing-file': (n: number) => `${n} listed files do not exist`,
  'extra-file': (n: number) => `${n} files are not listed in the set's tables`,
  'odd-normal': (n: number) =>
    `${n} folders of test are taken for defects, though their names are of normal images in other layouts`,
  'spare-mask': (n: number) => `${n} files are the mask of no image`,
  'skipped-folder': (n: number) => `${n} folders are skipped: they hold no images of this layout`,
  'skipped-file': (n: number) => `${n} files are skipped: they are no images, or lie where none belong`,
  unreadable: (n: number) => `${n} images cannot be read`,
  duplicate: (n: number) => `${n} test images have the same bytes as an image that is trained on`,
  'unreadable-mask': (n: number) => `${n} masks cannot be read; their images are left out of pixel metrics`,
  'mask-size': (n: number) =>
    `${n} masks have another size than their image, which is left out of pixel metrics`,
  'box-outside': (n: number) => `${n} images have boxes that go beyond them`,
  'empty-mask': (n: number) => `${n} masks have no anomalous pixel`,
  'grey-mask': (n: number) =>
    `${n} masks hold values between black and white; above the middle is taken as anomalous`,
  'shared-mask': (n: number) => `${n} masks belong to several images each`,
  'white-zero-mask': (n: number) =>
    `${n} masks are TIFFs whose zeros are white (MinIsWhite), as tifffile writes arrays of bool: read as viewers show them, their zeros are anomalous`,
  'inverted-mask': (n: number) => `${n} masks mark more than half of their image; are they inverted?`,
  'deep-image': (n: number) => `${n} images have more than 8 bits a sample; they are read in 8`,
  pages: (n: number) => `${n} files hold several images, of which the first is read`,
} as const satisfies Record<string, ((n: number) => string) | null>;

type ProblemKind = keyof typeof SUMMARIES;

/** Examples of a kind; of wrong lines as many as one mends at once. */
const shownOf = (kind: ProblemKind): number => (kind === 'row' ? 50 : 3);

/**
 * One line for each kind, with a count and examples where there are several of it.
 * @param options `all`: a line for each problem instead; `hint`: what is added where some are not shown.
 */
export function problemLines(
  problems: readonly DatasetProblem[],
  options: { all?: boolean; hint?: string } = {},
  ...extra: never[]
): string[] {
  refuseExtra('problemLines', extra);
  requireOptions('problemLines', options, { all: true, hint: true });
  const kinds = new Map<ProblemKind, DatasetProblem[]>();
  for (const problem of problems) {
    const own = kinds.get(problem.kind);
    if (own) own.push(problem);
    else kinds.set(problem.kind, [problem]);
  }
  return [...kinds].flatMap(([kind, own]) => {
    if (options.all || own.length === 1) return own.map(({ message }) => `${kind}: ${message}`);
    const summary = SUMMARIES[kind];
    const examples = own.slice(0, shownOf(kind)).map((problem) => (summary ? problem.item : problem.message));
    const more = own.length - examples.length;
    const rest = more > 0 ? ` and ${more} more${options.hint ? ` (${options.hint})` : ''}` : '';
    const begin = summary ? `${summary(own.length)}: ` : '';
    return [`${kind}: ${begin}${examples.join(summary ? ', ' : '; ')}${rest}`];
  });
}
