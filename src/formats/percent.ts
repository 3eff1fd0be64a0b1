/** A share of 1 in percent, with so many decimals: `12.3`. The unit stands beside it or above it. */
export const percent = (share: number, decimals = 1): string => (100 * share).toFixed(decimals);

/** The same to so many significant figures, without zeros that say nothing: `0.1`, `12.3`, `100`. */
export const roundPercent = (share: number, figures = 3): string =>
  String(Number((100 * share).toPrecision(figures)));
