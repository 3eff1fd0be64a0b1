import { avgPool2d } from '../graph/ops/pool.js';
import { makeValue } from '../graph/value.js';
export const poolVjps = {
    maxPool2d: ({ inputs: [x], cotangent, attrs }) => [
        () => makeValue('maxPool2dGrad', [x, cotangent], attrs, x.shape),
    ],
    avgPool2d: ({ inputs: [x], cotangent, attrs }) => [
        () => makeValue('avgPool2dGrad', [cotangent], attrs, x.shape),
    ],
    avgPool2dGrad: ({ cotangent, attrs }) => [
        () => avgPool2d(cotangent, attrs.window),
    ],
};
//# sourceMappingURL=pool.js.map