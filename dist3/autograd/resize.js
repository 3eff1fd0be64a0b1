import { interpolateGrad } from '../graph/ops/resize.js';
import { makeValue } from '../graph/value.js';
/** Linear maps: each is the other's transpose. */
export const resizeVjps = {
    interpolate: ({ inputs: [x], cotangent, attrs }) => [() => interpolateGrad(cotangent, attrs, x.shape)],
    interpolateGrad: ({ inputs: [dy], cotangent, attrs }) => [
        () => makeValue('interpolate', [cotangent], attrs, dy.shape),
    ],
};
//# sourceMappingURL=resize.js.map