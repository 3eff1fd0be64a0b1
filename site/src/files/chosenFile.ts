import type { Failure } from '../remote.ts';

/** A file, and how the user knows it. */
export interface ChosenFile {
  readonly path: string;
  readonly file: Blob;
}

/** A file that could not be used. */
export interface Refused {
  readonly path: string;
  readonly error: Failure;
}
