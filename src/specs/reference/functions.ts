/** Functions of one number in float64, good to their last digits over all of float32. */

/** erf by its series near 0 and a continued fraction far from it: 1e-15. */
export function erf(x: number): number {
  const a = Math.abs(x);
  if (a > 6) return Math.sign(x);
  if (a < 2.5) {
    let term = a;
    let total = a;
    for (let n = 1; n < 80; n++) {
      term *= (-a * a) / n;
      total += term / (2 * n + 1);
    }
    return (Math.sign(x) * 2 * total) / Math.sqrt(Math.PI);
  }
  return Math.sign(x) * (1 - upperTail(a));
}

/** 1 - erf(a) of a > 2. */
function upperTail(a: number): number {
  let fraction = 0;
  for (let n = 120; n > 0; n--) fraction = n / 2 / (a + fraction);
  return Math.exp(-a * a) / ((a + fraction) * Math.sqrt(Math.PI));
}

/** Phi(x) of the normal distribution; 1 + erf would lose its digits below -5. */
export function normalCdf(x: number): number {
  const a = Math.abs(x) / Math.SQRT2;
  if (!(a >= 2)) return 0.5 * (1 + erf(x / Math.SQRT2));
  const tail = 0.5 * upperTail(a);
  return x < 0 ? tail : 1 - tail;
}

/** phi(x) of the normal distribution. */
export const normalDensity = (x: number): number => Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);

/** 1 / (1 + e^-x), without overflow. */
export const sigmoid = (x: number): number =>
  x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x));

/** a^b as C has it; JavaScript's is NaN for 1^NaN and for 1 and -1 to an infinite power. */
export const power = (a: number, b: number): number =>
  a === 1 || (a === -1 && Math.abs(b) === Number.POSITIVE_INFINITY) ? 1 : a ** b;

/** The nearest whole number, of two equally near ones the even. */
export function roundHalfEven(x: number): number {
  const below = Math.floor(x);
  if (x - below !== 0.5) return Math.round(x);
  return below % 2 === 0 ? below : below + 1;
}
