import type { DataLayout } from './layout.ts';
import { TABLE } from './table.ts';

/** Name of a layout, in `--layout` and a run's configuration. */
export type Layout = keyof typeof TABLE;

export const DATA_LAYOUTS: Readonly<Record<Layout, DataLayout>> = TABLE;

/** Names of the layouts. */
export const LAYOUTS = Object.keys(TABLE) as readonly Layout[];

/** Layout assumed for a data set that fits no layout; it then has no classes. */
export const UNKNOWN_LAYOUT: Layout = 'folder';
