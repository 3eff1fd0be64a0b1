/** The little of a plotting library that two figures of this folder need: logarithmic axes, and one SVG around them. */

export const WIDTH = 820;
export const HEIGHT = 440;
export const PLOT = { left: 70, right: WIDTH - 24, top: 44, bottom: HEIGHT - 92 } as const;

/**
 * Legible on white and on black: a picture in a README follows the reader's system. No custom properties: not every
 * renderer knows them.
 */
const STYLE = `
text { font: 12px system-ui, sans-serif; fill: #5d6875; } .title { font-weight: 600; font-size: 14px; fill: #1c2430; }
.paper { fill: #ffffff; } .grid { stroke: #dde3ea; } .roof { stroke: #1c2430; stroke-width: 2; fill: none; }
.line { fill: none; stroke-width: 2; }
${['#d9662b', '#3f7fc4', '#3d9970', '#9d6cc4', '#b08a1e', '#c4527a', '#1f9aa3', '#7d8794']
  .map(
    (colour, i) =>
      `.c${i} .line, .c${i} .spread { stroke: ${colour}; } .c${i} .dot, .dot.c${i} { fill: ${colour}; }`,
  )
  .join('\n')}
@media (prefers-color-scheme: dark) {
text { fill: #9aa7b5; } .title { fill: #e6eaf0; }
.paper { fill: #14181e; } .grid { stroke: #2c343e; } .roof { stroke: #e6eaf0; }
}
`;

export const COLOURS = 8;

/** Coordinates in pixels of a value on a logarithmic axis, and the values to mark. */
export interface LogAxis {
  at(value: number): number;
  readonly ticks: readonly number[];
}

/** An axis from below the least to above the most of `values`, which are above 0. */
export function logAxis(values: readonly number[], from: number, to: number): LogAxis {
  const least = Math.log10(Math.min(...values));
  const most = Math.log10(Math.max(...values));
  const margin = Math.max(0.08, 0.05 * (most - least));
  const [low, high] = [least - margin, most + margin];
  const steps = high - low > 2.5 ? [1] : high - low > 1.2 ? [1, 2, 5] : [1, 2, 3, 5, 7];
  const ticks: number[] = [];
  for (let decade = Math.floor(low); decade <= high; decade++) {
    for (const step of steps) {
      const tick = step * 10 ** decade;
      if (Math.log10(tick) >= low && Math.log10(tick) <= high) ticks.push(tick);
    }
  }
  return { at: (value) => from + ((Math.log10(value) - low) / (high - low)) * (to - from), ticks };
}

/** Two decimals of a pixel: the same numbers give the same bytes. */
export const px = (value: number): string => String(Math.round(value * 100) / 100);

export const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]!);

export function label(
  x: number,
  y: number,
  content: string,
  anchor: 'start' | 'middle' | 'end',
  kind = '',
): string {
  const named = kind === '' ? '' : ` class="${kind}"`;
  return `<text${named} x="${px(x)}" y="${px(y)}" text-anchor="${anchor}">${escaped(content)}</text>`;
}

export const segment = (kind: string, x1: number, y1: number, x2: number, y2: number): string =>
  `<line class="${kind}" x1="${px(x1)}" y1="${px(y1)}" x2="${px(x2)}" y2="${px(y2)}"/>`;

export const yGrid = ({ at, ticks }: LogAxis): string[] =>
  ticks.flatMap((tick) => [
    segment('grid', PLOT.left, at(tick), PLOT.right, at(tick)),
    label(PLOT.left - 8, at(tick) + 4, numberText(tick), 'end'),
  ]);

export const xGrid = ({ at, ticks }: LogAxis): string[] =>
  ticks.flatMap((tick) => [
    segment('grid', at(tick), PLOT.top, at(tick), PLOT.bottom),
    label(at(tick), PLOT.bottom + 18, numberText(tick), 'middle'),
  ]);

export const numberText = (value: number): string => String(Number(value.toPrecision(3)));

/** The whole picture; `body` is SVG. Higher than usual where a legend lies below it. */
export function figure(
  title: string,
  yName: string,
  body: readonly string[],
  height: number = HEIGHT,
): string {
  const middle = (PLOT.top + PLOT.bottom) / 2;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(title)}">`,
    `<style>${STYLE}</style>`,
    `<rect class="paper" width="${WIDTH}" height="${height}"/>`,
    label(PLOT.left, 24, title, 'start', 'title'),
    `<text transform="translate(18 ${px(middle)}) rotate(-90)" text-anchor="middle">${escaped(yName)}</text>`,
    ...body,
    '</svg>',
    '',
  ].join('\n');
}
