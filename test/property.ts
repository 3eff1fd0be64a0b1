import fc from 'fast-check';
import { SEED } from './seed.ts';

// Its own seed would be the clock's.
fc.configureGlobal({ seed: SEED });

export { fc };
