import type { DataLayout } from './layout.ts';
import { TABLE } from './table.ts';

/** How the files of a data set are laid out, as `--layout` and a run's configuration call it. */
export type Layout = keyof typeof TABLE;

export const DATA_LAYOUTS: Readonly<Record<Layout, DataLayout>> = TABLE;

/** Their names. */
export const LAYOUTS = Object.keys(TABLE) as readonly Layout[];

/** What a data set is taken for whose layout is none of them: it has no classes then. */
export const UNKNOWN_LAYOUT: Layout = 'folder';
