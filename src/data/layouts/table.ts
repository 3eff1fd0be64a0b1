import { btad } from './btad.ts';
import { deeppcb } from './deeppcb.ts';
import { elpv } from './elpv.ts';
import { folder } from './folder.ts';
import type { DataLayout } from './layout.ts';
import { magneticTile } from './magneticTile.ts';
import { manifest } from './manifest.ts';
import { mvtec } from './mvtec.ts';
import { visa } from './visa.ts';

/**
 * The one place that knows layouts by name: to add one, add a file beside this one and a line here. Detection goes in
 * this order: a table that somebody wrote says more than names of folders, and `folder` fits most sets.
 */
export const TABLE = {
  manifest,
  mvtec,
  visa,
  btad,
  elpv,
  'magnetic-tile': magneticTile,
  deeppcb,
  folder,
} as const satisfies Record<string, DataLayout>;
