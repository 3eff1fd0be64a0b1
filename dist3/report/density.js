/**
 * Gaussian kernel density of `values` at `count` evenly spaced places of [low, high], bandwidth by
 * Silverman's rule.
 */
export function density(values, low, high, count) {
    const n = values.length;
    if (n === 0)
        return new Array(count).fill(0);
    const mean = values.reduce((sum, value) => sum + value, 0) / n;
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / n);
    const bandwidth = Math.max(1.06 * deviation * n ** -0.2, (high - low) / 200, Number.MIN_VALUE);
    return Array.from({ length: count }, (_, i) => {
        const at = low + ((high - low) * i) / (count - 1);
        const total = values.reduce((sum, value) => sum + Math.exp(-0.5 * ((at - value) / bandwidth) ** 2), 0);
        return total / (n * bandwidth * Math.sqrt(2 * Math.PI));
    });
}
//# sourceMappingURL=density.js.map