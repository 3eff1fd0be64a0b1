import { ShapeError } from '../errors.ts';
import { refuseExtra } from '../options.ts';

/** The connected regions of a mask. */
export interface Regions {
  /** Per pixel the region it belongs to, 1 to the number of regions; 0 outside all. */
  readonly labels: Uint32Array;
  /** Pixels of each region; `areas[0]` counts the pixels outside. */
  readonly areas: readonly number[];
}

/**
 * Regions of non-zero pixels, 8-connected: pixels that touch at an edge or a corner belong together. Numbered in the
 * order in which reading the mask row by row meets them.
 * @param mask [height, width], row-major.
 */
export function connectedRegions(mask: ArrayLike<number>, width: number, ...extra: never[]): Regions {
  refuseExtra('connectedRegions', extra);
  const height = mask.length / width;
  if (!Number.isInteger(height) || !(width >= 1)) {
    throw new ShapeError(
      `connectedRegions: expects whole rows of ${width} pixels, got a mask of ${mask.length}`,
    );
  }
  const labels = new Uint32Array(mask.length);
  const areas = [0];
  const open: number[] = [];
  for (let start = 0; start < mask.length; start++) {
    if (!mask[start]) areas[0]! += 1;
    if (!mask[start] || labels[start]) continue;
    const region = areas.push(0) - 1;
    labels[start] = region;
    open.push(start);
    while (open.length > 0) {
      const at = open.pop()!;
      areas[region]! += 1;
      const [x, y] = [at % width, Math.floor(at / width)];
      for (let ny = Math.max(0, y - 1); ny <= Math.min(height - 1, y + 1); ny++) {
        for (let nx = Math.max(0, x - 1); nx <= Math.min(width - 1, x + 1); nx++) {
          const near = ny * width + nx;
          if (!mask[near] || labels[near]) continue;
          labels[near] = region;
          open.push(near);
        }
      }
    }
  }
  return { labels, areas };
}
