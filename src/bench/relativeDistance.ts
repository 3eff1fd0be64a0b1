/** |a - b| / |b|; infinite where the lengths differ. */
export function relativeDistance(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return Infinity;
  const difference = a.reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0);
  const norm = b.reduce((sum, value) => sum + value ** 2, 0);
  return Math.sqrt(difference / norm);
}
