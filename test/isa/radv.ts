import { requireCompiler } from '../../src/isa/standIn.ts';

/** Why nothing can be compiled for cards here; undefined where it can. */
export const radvMissing: string | undefined = (() => {
  try {
    requireCompiler();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
})();

/** For names of tests that are skipped. */
export const unlessRadv = radvMissing === undefined ? '' : ` (skipped: ${radvMissing})`;
