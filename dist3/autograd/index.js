import { convVjps } from './conv.js';
import { matmulVjps } from './matmul.js';
import { movementVjps } from './movement.js';
import { pointwiseVjps } from './pointwise.js';
import { poolVjps } from './pool.js';
import { reduceVjps } from './reduce.js';
import { resizeVjps } from './resize.js';
import { selectVjps } from './select.js';
import { similarityVjps } from './similarity.js';
/** The rule of every differentiable op; a missing one does not compile. */
export const vjps = {
    ...pointwiseVjps,
    ...reduceVjps,
    ...movementVjps,
    ...matmulVjps,
    ...convVjps,
    ...poolVjps,
    ...resizeVjps,
    ...similarityVjps,
    ...selectVjps,
};
//# sourceMappingURL=index.js.map