import type { DatasetProblem } from '../findings.ts';

/** A rectangle of an image's pixels: from `left` to before `right`, from `top` to before `bottom`. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** An image and what is known of it. */
export interface Sample {
  /** Absolute. */
  readonly path: string;
  /** Relative to the data set's root, forward slashes. */
  readonly id: string;
  readonly className: string;
  /** The defect's folder; `good` for a normal image, whatever its folder's name. */
  readonly defect: string;
  readonly anomalous: boolean;
  /** Absolute; null for a normal image or a missing mask. */
  readonly maskPath: string | null;
  /** Where the defects are, if that is all that is known of them: it stands for a mask. */
  readonly boxes?: readonly Box[];
}

/** Content of a data set; samples in a fixed order. */
export interface Samples {
  readonly classes: readonly string[];
  /** Normal images, unless some were mixed in on purpose (`contaminate.ts`). */
  readonly train: readonly Sample[];
  readonly test: readonly Sample[];
  /** What a layout decides about a set, such as a split that its authors left open, in a sentence each: results say it. */
  readonly notes?: readonly string[];
}

/** As much as can be used of a data set, and all that is wrong with it. */
export interface Scan {
  readonly samples: Samples;
  readonly problems: readonly DatasetProblem[];
  /** Oddities that do not prevent use. */
  readonly oddities: readonly DatasetProblem[];
}

/** Where a data set lies. */
export interface DataPlace {
  /** Absolute; samples' ids are relative to it. */
  readonly root: string;
  /** Where its class folders lie: `root`, or its folder `1cls`, in which VisA's prepared copy keeps them. */
  readonly base: string;
  /** The table that was named instead of its folder, `root`; absolute. */
  readonly table?: string;
}

/** How a mask is told by its place: its path has a folder, in which something lies that only lies beside masks. */
export interface MaskPlace {
  /** Absolute paths with forward slashes; the first group is the folder. */
  readonly at: RegExp;
  /** Names in the folder, one of which has to be there. */
  readonly beside: RegExp;
}

/** A layout of data sets (evaluation.md 1). The layouts themselves are listed in layouts/table.ts. */
export interface DataLayout {
  /**
   * How it is recognised, in words for the error that no layout was: by a class folder, or by the data set's own
   * folder.
   */
  readonly sign: { readonly inClass: string } | { readonly inSet: string };
  /** How a user adds test images, where a class has none. */
  readonly addTest: string;
  /** Extensions of tables that may be named instead of their folder; default none. */
  readonly tables?: readonly string[];
  /** Where masks lie: `predict` takes all other images. Default: there are none. */
  readonly masks?: MaskPlace;
  /** Its row in docs/data.md: published sets that have it, and where images and masks lie. */
  readonly row: {
    readonly sets?: string;
    readonly train: string;
    readonly test: string;
    readonly masks: string;
  };
  /** Whether folders and files have its names. The first match in the table is taken. */
  detect(place: DataPlace): Promise<boolean>;
  /** Lists samples, classes and files sorted by code point. Masks may be missing. */
  scan(place: DataPlace): Promise<Scan>;
}
