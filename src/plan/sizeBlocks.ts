/** The sizes that a plan's kernels read, in one uniform buffer: a block for each distinct list of values. */

import type { Kernel } from '../kernels/kernel.ts';
import { BINDING_ALIGN } from '../kernels/kernel.ts';
import type { Plan } from './plan.ts';

export interface SizeBlocks {
  /** What the buffer holds; empty where no kernel reads sizes. */
  readonly data: Uint32Array<ArrayBuffer>;
  /** Where a kernel's block lies in it, in bytes; undefined where it reads none. */
  rangeOf(kernel: Kernel): { readonly offset: number; readonly size: number } | undefined;
}

const WORDS = BINDING_ALIGN / 4;

export function sizeBlocks({ dispatches }: Pick<Plan, 'dispatches'>): SizeBlocks {
  const blocks = new Map<string, { offset: number; values: readonly number[] }>();
  let end = 0;
  for (const { kernel } of dispatches) {
    const values = valuesOf(kernel);
    const key = values.join();
    if (values.length === 0 || blocks.has(key)) continue;
    blocks.set(key, { offset: end, values });
    end += Math.ceil(values.length / WORDS) * WORDS;
  }
  const data = new Uint32Array(end);
  for (const { offset, values } of blocks.values()) data.set(values, offset);
  return {
    data,
    rangeOf(kernel) {
      const values = valuesOf(kernel);
      const block = blocks.get(values.join());
      return block && { offset: 4 * block.offset, size: 4 * values.length };
    },
  };
}

const valuesOf = ({ sizes }: Kernel): number[] => Object.values(sizes ?? {});
