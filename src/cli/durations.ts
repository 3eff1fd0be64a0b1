/** Seconds in the largest unit of which there are a few: `40 seconds`, `12 to 25 minutes`, `1.5 to 3 hours`. */
export function durationText(least: number, most: number): string {
  const [unit, seconds] = UNITS.find(([, each]) => most >= 1.5 * each) ?? UNITS.at(-1)!;
  const [from, to] = [least, most].map((each) => rounded(each / seconds)) as [number, number];
  const span = from === to ? `${to}` : `${from} to ${to}`;
  return `${span} ${unit}${span === '1' ? '' : 's'}`;
}

const UNITS = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
] as const;

/** Whole numbers from ten on, halves below, at least one half. */
const rounded = (value: number): number =>
  value >= 10 ? Math.round(value) : Math.max(0.5, Math.round(2 * value) / 2);

/** One step: `1.2 s`, `35 ms`. */
export const stepText = (seconds: number): string =>
  seconds >= 1 ? `${Number(seconds.toPrecision(2))} s` : `${Number((1000 * seconds).toPrecision(2))} ms`;
