/** The products in Winograd's domain, one per pair of points: from textures on CPU adapters, from buffers on GPUs. */
import { type DeviceFacts, type Kernel, read, textureWords } from '../../kernel.ts';
import { matrixKernel } from '../matrixVariants.ts';
import type { GemmProblem, Operand } from '../problem.ts';
import { COLUMN_BLOCK } from '../textures/channelBlocks.ts';
import { type Correlation, channelQuads } from '../textures/correlation.ts';
import { pixelTexture, quadsOfBlock } from '../textures/pixelTexture.ts';
import { buildTextureRows, guessTextureRows } from '../textures/textureRows.ts';
import { ROW_BLOCK, stepsOfBlock, weightTexture } from '../textures/weightTexture.ts';

/** `problem` gives the sizes and where results go; bindings in order: rows, columns, out. */
export function winogradProduct(problem: GemmProblem, products: Correlation, device: DeviceFacts): Kernel {
  const { m, n, z } = problem;
  if (device.software) {
    const tile = guessTextureRows(m, n, device.subgroupSize, z);
    return buildTextureRows(problem, products, tile, device);
  }
  // Zeros fill up the last vector of terms.
  return matrixKernel({ ...problem, k: 4 * channelQuads(products), ...packedOperands(products) }, device);
}

/** Rows and columns as `weightTexture` and `pixelTexture` pack them: [point][block][term quad][place in the block][4]. */
function packedOperands(p: Correlation): { a: Operand; b: Operand } {
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
    a: operand('weights', 0, textureWords(weightTexture(p)), ROW_BLOCK, stepsOfBlock(p)),
    b: operand('pixels', 1, textureWords(pixelTexture(p)), COLUMN_BLOCK, quadsOfBlock(p)),
  };
}
