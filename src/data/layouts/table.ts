import { btad } from './btad.ts';
import { folder } from './folder.ts';
import type { DataLayout } from './layout.ts';
import { mvtec } from './mvtec.ts';
import { visa } from './visa.ts';

/**
 * The one place that knows layouts by name: to add one, add a file beside this one and a line here. Detection goes in
 * this order: `folder` fits most sets and comes last.
 */
export const TABLE = { mvtec, visa, btad, folder } as const satisfies Record<string, DataLayout>;
