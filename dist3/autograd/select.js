import { makeValue } from '../graph/value.js';
export const selectVjps = {
    gather: ({ inputs: [x, indices], cotangent }) => [
        () => makeValue('gatherGrad', [cotangent, indices], {}, x.shape),
        null,
    ],
};
//# sourceMappingURL=select.js.map