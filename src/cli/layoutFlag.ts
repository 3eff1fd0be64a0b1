import { LAYOUTS, type Layout } from '../data/index.ts';
import { oneOf } from './names.ts';

export const LAYOUT_HELP = `how the folders are named: ${LAYOUTS.join(', ')}; default: found from the names`;

/** The parser of `--layout`. */
export const layoutName = oneOf<Layout>(LAYOUTS);
