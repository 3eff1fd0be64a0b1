export const undefinedMetric = (reason) => ({ value: null, reason });
/** Why a metric over these labels has no value, or null. */
export function oneClassReason(positives, negatives) {
    if (positives === 0)
        return 'no anomalous sample';
    return negatives === 0 ? 'no normal sample' : null;
}
//# sourceMappingURL=metric.js.map