import { LAYOUTS, type Layout } from '../data/index.ts';
import { ConfigError } from '../errors.ts';

export const LAYOUT_HELP = `how the folders are named: ${LAYOUTS.join(', ')}; default: found from the names`;

/** A parser for `--layout`. @throws ConfigError listing the layouts. */
export function layoutName(text: string): Layout {
  const layout = LAYOUTS.find((name) => name === text);
  if (!layout) throw new ConfigError(`--layout expects any of ${LAYOUTS.join(', ')}, got ${text}`);
  return layout;
}
