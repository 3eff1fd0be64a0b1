import { conv2d } from '../graph/ops/conv.js';
import { matmul } from '../graph/ops/matmul.js';
import { gelu, sigmoid } from '../graph/ops/pointwise.js';
import { maxPool2d } from '../graph/ops/pool.js';
import { max, std, sum } from '../graph/ops/reduce.js';
import { input } from '../graph/value.js';
import { cosineSimilarity } from '../nn/losses.js';
import { softmax } from '../nn/softmax.js';
import { topFractionMean } from '../nn/topFraction.js';
import { conv2d64, map64, maxPool64 } from './float64.js';
const rowsOf = ({ shape, data }) => {
    const width = shape.at(-1);
    return Array.from({ length: data.length / width }, (_, i) => data.subarray(i * width, (i + 1) * width));
};
const perRow = (x, fn) => Float64Array.from(rowsOf(x), fn);
const total = (row) => row.reduce((a, b) => a + b, 0);
/** One of each kind of kernel, at sizes that are no multiple of a tile. */
export const OP_CHECKS = [
    {
        name: 'matmul',
        inputs: [
            [37, 65],
            [65, 41],
        ],
        run: (a, b) => matmul(a, b),
        reference: (a, b) => Float64Array.from({ length: 37 * 41 }, (_, i) => {
            let value = 0;
            for (let k = 0; k < 65; k++)
                value += a.data[Math.floor(i / 41) * 65 + k] * b.data[k * 41 + (i % 41)];
            return value;
        }),
    },
    {
        name: 'conv2d',
        inputs: [
            [2, 13, 19, 17],
            [21, 13, 3, 3],
        ],
        run: (x, w) => conv2d(x, w, { stride: 2, padding: 1 }),
        reference: (x, w) => conv2d64(x, w, { stride: 2, padding: 1 }).data,
    },
    {
        name: 'maxPool2d',
        inputs: [[2, 5, 17, 13]],
        run: (x) => maxPool2d(x, { kernel: 3, stride: 2, padding: 1 }),
        reference: (x) => maxPool64(x).data,
    },
    {
        name: 'sigmoid',
        inputs: [[1009]],
        run: sigmoid,
        reference: (x) => map64(x, (value) => 1 / (1 + Math.exp(-value))).data,
    },
    {
        name: 'sum',
        inputs: [[7, 1009]],
        run: (x) => sum(x, { axes: [1] }),
        reference: (x) => perRow(x, total),
    },
    {
        name: 'max',
        inputs: [[7, 1009]],
        run: (x) => max(x, { axes: [1] }),
        reference: (x) => perRow(x, (row) => Math.max(...row)),
    },
    {
        name: 'std',
        inputs: [[7, 1009]],
        run: (x) => std(x, { axes: [1] }),
        reference: (x) => perRow(x, (row) => {
            const mean = total(row) / row.length;
            return Math.sqrt(total(row.map((value) => (value - mean) ** 2)) / (row.length - 1));
        }),
    },
    {
        name: 'softmax',
        inputs: [[11, 103]],
        run: (x) => softmax(x, 1),
        reference: (x) => Float64Array.from(rowsOf(x).flatMap((row) => {
            const raised = row.map(Math.exp);
            return [...raised.map((value) => value / total(raised))];
        })),
    },
    {
        name: 'cosineSimilarity',
        inputs: [
            [3, 29, 31],
            [3, 29, 31],
        ],
        run: cosineSimilarity,
        reference: (a, b) => Float64Array.from({ length: 3 * 31 }, (_, i) => {
            let [ab, aa, bb] = [0, 0, 0];
            for (let c = 0; c < 29; c++) {
                const at = (Math.floor(i / 31) * 29 + c) * 31 + (i % 31);
                ab += a.data[at] * b.data[at];
                aa += a.data[at] ** 2;
                bb += b.data[at] ** 2;
            }
            return ab / Math.sqrt(aa * bb);
        }),
    },
    {
        name: 'topFractionMean',
        inputs: [[3, 53, 47]],
        run: (x) => topFractionMean(x, 0.01),
        reference: (x) => {
            const plane = 53 * 47;
            const count = Math.max(1, Math.floor(plane * 0.01));
            return Float64Array.from({ length: 3 }, (_, n) => {
                const sorted = x.data.slice(n * plane, (n + 1) * plane).sort();
                return total(sorted.subarray(plane - count)) / count;
            });
        },
    },
    {
        name: 'gelu',
        inputs: [[1009]],
        run: gelu,
        reference: (x) => map64(x, (value) => 0.5 * value * (1 + erf(value / Math.SQRT2))).data,
    },
];
/** erf by its Maclaurin series, good to float64 for the |x| < 3 of these checks. */
function erf(x) {
    let [term, value] = [x, x];
    for (let n = 1; n < 80; n++) {
        term *= (-x * x) / n;
        value += term / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * value;
}
/** The inputs of a check as values, named by place. */
export const checkInputs = ({ inputs }) => inputs.map((shape, i) => input(`input ${i}`, shape));
//# sourceMappingURL=opChecks.js.map