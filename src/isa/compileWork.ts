/** What the process that compiles is told, and the marks by which its stderr is read. */
export interface CompileWork {
  /** WGSL, each with an entry point `main`. */
  readonly texts: readonly string[];
}

export const OPENED = '@@@ opened ';
export const MARK = '@@@ kernel ';
export const REFUSED = '@@@ refused ';
