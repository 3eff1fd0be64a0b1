import { scatterKernels } from './scatter.ts';
import { selectKernels } from './select.ts';
import { sortKernels } from './sort.ts';

/** What picks elements by index and puts them there: the derivatives of one are made of the others. */
export const indexKernels = { ...selectKernels, ...scatterKernels, ...sortKernels };
