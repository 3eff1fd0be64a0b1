import { controlOps } from './control.js';
import { convOps } from './conv.js';
import { leafOps } from './leaf.js';
import { matmulOps } from './matmul.js';
import { movementOps } from './movement.js';
import { pointwiseOps } from './pointwise.js';
import { poolOps } from './pool.js';
import { randomOps } from './random.js';
import { reduceOps } from './reduce.js';
import { resizeOps } from './resize.js';
import { selectOps } from './select.js';
import { similarityOps } from './similarity.js';
import { updateOps } from './update.js';
/** Every primitive op. A new family is one spread here; `tsc` then asks for its kernels, VJPs and specs. */
export const opTable = {
    ...leafOps,
    ...controlOps,
    ...pointwiseOps,
    ...reduceOps,
    ...movementOps,
    ...matmulOps,
    ...convOps,
    ...poolOps,
    ...resizeOps,
    ...similarityOps,
    ...selectOps,
    ...randomOps,
    ...updateOps,
};
/** The same table under its general type, for passes that ask for traits. */
export const OPS = opTable;
//# sourceMappingURL=index.js.map