import { NotFiniteError } from '../errors.js';
import { oneClassReason, undefinedMetric } from './metric.js';
/** Keys kept before they are folded into counts: 16 MiB. */
const BATCH = 1 << 22;
/**
 * Exact: scores become integers that order like the floats, and equal keys are counted. Memory follows the
 * number of distinct scores seen within a batch and overall, 16 bytes each, not the number of pixels.
 */
export function pixelAccumulator() {
    let counts = {
        keys: new Uint32Array(0),
        positives: new Float64Array(0),
        negatives: new Float64Array(0),
    };
    const normal = new Uint32Array(BATCH);
    const anomalous = new Uint32Array(BATCH);
    let normals = 0;
    let anomalies = 0;
    const fold = () => {
        counts = merge(counts, normal.subarray(0, normals).sort(), anomalous.subarray(0, anomalies).sort());
        normals = 0;
        anomalies = 0;
    };
    return {
        add(scores, mask) {
            const bits = new Uint32Array(scores.buffer, scores.byteOffset, scores.length);
            for (let i = 0; i < scores.length; i++) {
                if (!Number.isFinite(scores[i]))
                    throw new NotFiniteError(`pixel ${i} scores ${scores[i]}`);
                const key = orderedKey(bits[i]);
                if (mask[i])
                    anomalous[anomalies++] = key;
                else
                    normal[normals++] = key;
                if (normals === BATCH || anomalies === BATCH)
                    fold();
            }
        },
        finish() {
            fold();
            return metricsOf(counts);
        },
    };
}
/** Flips all bits of negatives and the sign bit of others; -0 counts as 0. */
const orderedKey = (bits) => bits === 0x80000000 ? 0x80000000 : bits & 0x80000000 ? ~bits >>> 0 : (bits | 0x80000000) >>> 0;
/** Three sorted lists into one, equal keys added up. */
function merge(old, normal, anomalous) {
    const most = old.keys.length + normal.length + anomalous.length;
    const keys = new Uint32Array(most);
    const positives = new Float64Array(most);
    const negatives = new Float64Array(most);
    let [a, b, c, n] = [0, 0, 0, 0];
    const END = 2 ** 32;
    for (;;) {
        const key = Math.min(old.keys[a] ?? END, normal[b] ?? END, anomalous[c] ?? END);
        if (key === END)
            break;
        keys[n] = key;
        if (old.keys[a] === key) {
            positives[n] += old.positives[a];
            negatives[n] += old.negatives[a];
            a += 1;
        }
        for (; normal[b] === key; b++)
            negatives[n] += 1;
        for (; anomalous[c] === key; c++)
            positives[n] += 1;
        n += 1;
    }
    return { keys: keys.slice(0, n), positives: positives.slice(0, n), negatives: negatives.slice(0, n) };
}
function metricsOf({ positives, negatives }) {
    const total = (counts) => counts.reduce((sum, n) => sum + n, 0);
    const [p, n] = [total(positives), total(negatives)];
    const reason = oneClassReason(p, n);
    if (reason)
        return { auroc: undefinedMetric(reason), ap: undefinedMetric(reason) };
    let hits = 0;
    let flagged = 0;
    let area = 0;
    let precision = 0;
    for (let i = positives.length - 1; i >= 0; i--) {
        area += negatives[i] * (hits + positives[i] / 2);
        hits += positives[i];
        flagged += positives[i] + negatives[i];
        precision += (positives[i] / p) * (hits / flagged);
    }
    return { auroc: { value: area / (p * n) }, ap: { value: precision } };
}
//# sourceMappingURL=pixelMetrics.js.map