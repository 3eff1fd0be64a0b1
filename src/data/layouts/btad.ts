import { publishedClasses } from './classFolders.ts';
import type { DataLayout } from './layout.ts';

/** BTAD (evaluation.md 1.3): normal images are called `ok`. */
export const btad: DataLayout = publishedClasses({ normal: 'ok', defect: 'ko', name: 'BTAD' });
