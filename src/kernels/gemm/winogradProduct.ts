/** The products in Winograd's domain, one per pair of points: from textures on CPU adapters, from buffers on GPUs. */
import { type DeviceFacts, imageWords, type Kernel, read } from '../kernel.ts';
import { buildImageRows, guessImageRows } from './imageRows.ts';
import { channelQuads, type ImageConv } from './images.ts';
import { COLUMN_BLOCK, pixelImage, quadsOfBlock } from './pixelImages.ts';
import type { GemmProblem, Operand } from './problem.ts';
import { buildGemm } from './variants.ts';
import { ROW_BLOCK, stepsOfBlock, weightImage } from './weightImages.ts';

/** `problem` gives the sizes and where results go; bindings in order: rows, columns, out. */
export function winogradProduct(problem: GemmProblem, products: ImageConv, device: DeviceFacts): Kernel {
  const { m, n, z } = problem;
  if (device.software) {
    const tile = guessImageRows(m, n, device.subgroupSize, z);
    return buildImageRows(problem, products, tile, device);
  }
  // Where terms fill no vector, zeros do.
  return buildGemm({ ...problem, k: 4 * channelQuads(products), ...packedOperands(products) }, device);
}

/** Rows and columns as `weightImage` and `pixelImage` pack them: [point][block][term quad][place in the block][4]. */
function packedOperands(p: ImageConv): { a: Operand; b: Operand } {
  const operand = (name: string, input: number, words: number, block: number, quads: number): Operand => {
    return {
      binding: read(name, words),
      input,
      sizes: { [`${name}_point`]: words / p.products!, [`${name}_block`]: quads * block },
      outer: (index, tag, z) =>
        `let o${tag} = ${z} * sizes.${name}_point + 4u * (${index} / ${block}u * sizes.${name}_block + ${index} % ${block}u);`,
      inner: (k, tag) => `let i${tag} = ${k} / 4u * ${4 * block}u + ${k} % 4u;`,
      at: (o, i) => `${name}[o${o} + i${i}]`,
      vectors: { along: 'k', at: (o, i) => `${name}[(o${o} + i${i}) / 4u]` },
    };
  };
  return {
    a: operand('weights', 0, imageWords(weightImage(p)), ROW_BLOCK, stepsOfBlock(p)),
    b: operand('pixels', 1, imageWords(pixelImage(p)), COLUMN_BLOCK, quadsOfBlock(p)),
  };
}
