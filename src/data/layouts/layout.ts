import type { DatasetProblem } from '../findings.ts';

/** An image and what is known of it. */
export interface Sample {
  /** Absolute. */
  readonly path: string;
  /** Relative to the data set's root, forward slashes. */
  readonly id: string;
  readonly className: string;
  /** The defect's folder; `good` where normal, whatever its folder is called. */
  readonly defect: string;
  readonly anomalous: boolean;
  /** Absolute; null where normal, and where there is none for an anomalous image. */
  readonly maskPath: string | null;
}

/** What a layout finds in a data set; samples in a fixed order. */
export interface Samples {
  readonly classes: readonly string[];
  /** Normal images, unless some were mixed in on purpose (`contaminate.ts`). */
  readonly train: readonly Sample[];
  readonly test: readonly Sample[];
}

/** As much as can be used of a data set, and all that is wrong with it. */
export interface Scan {
  readonly samples: Samples;
  readonly problems: readonly DatasetProblem[];
  /** What is odd, but keeps nothing from working. */
  readonly oddities: readonly DatasetProblem[];
}

/** Where a data set lies. */
export interface DataPlace {
  /** Absolute; samples' ids are relative to it. */
  readonly root: string;
  /** Where its class folders lie: `root`, or its folder `1cls`, in which VisA's prepared copy keeps them. */
  readonly base: string;
}

/** One way to lay out a data set (evaluation.md 1). The layouts themselves are listed in layouts/table.ts. */
export interface DataLayout {
  /** What a data set is recognised by, in words for the message that none was: in a class folder, or in its own folder. */
  readonly sign: { readonly inClass: string } | { readonly inSet: string };
  /** How a user adds test images, where a class has none. */
  readonly addTest: string;
  /** Its row in docs/data.md: published sets that have it, and where images and masks lie. */
  readonly row: {
    readonly sets?: string;
    readonly train: string;
    readonly test: string;
    readonly masks: string;
  };
  /** Whether folders and files have its names. The first layout of the table that says so is taken. */
  detect(place: DataPlace): Promise<boolean>;
  /** Lists samples, classes and files sorted by code point. Masks may be missing. */
  scan(place: DataPlace): Promise<Scan>;
}
