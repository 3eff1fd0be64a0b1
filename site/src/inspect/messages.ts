/** What the Inspect page and its worker tell each other. */

/** A detector as the user has it. */
export interface DetectorFiles {
  /** For messages. */
  readonly name: string;
  /** What `wgad export --web` wrote, or a run's `weights.safetensors`. */
  readonly weights: Blob;
  /** Of a run folder: its `config.json`. */
  readonly config?: Blob;
  /** Of a tested run's folder: its `results.json`. */
  readonly results?: Blob;
}

/** A detector on the device. */
export interface DetectorFacts {
  readonly name: string;
  readonly method: string;
  readonly encoder: string;
  /** In words, such as `128 px`. */
  readonly images: string;
  /** Names of the classes that it was trained on. */
  readonly classes: readonly string[];
  /** Null: none was found with `wgad threshold`. */
  readonly threshold: number | null;
  /** False-alarm rate that the threshold promises. */
  readonly rate: number | null;
  readonly adapter: string;
  readonly software: boolean;
  /** Images to send at once. */
  readonly atOnce: number;
  /** The warnings of `wgad predict`. */
  readonly notes: readonly string[];
}

/** The numbers that `wgad predict` prints. */
export interface Scores {
  readonly score: number;
  readonly calibrated: number;
  readonly u_hat: number | null;
  readonly gamma_hat: number | null;
  readonly u: number;
  readonly unfamiliar: boolean | null;
}

/** An image that was judged. */
export interface Judged extends Scores {
  readonly path: string;
  /** As the detector saw it, PNG. */
  readonly image: Blob;
  /** Its map in colours, PNG of the same size. */
  readonly heat: Blob;
  /** Width by height of the file, which the detector sees as a square. */
  readonly aspect: number;
}
