import { scaleLinear } from 'd3-scale';
import { line } from 'd3-shape';
import { html, type Markup } from './markup.ts';

const SIZE = 340;
const MARGIN = { top: 12, right: 12, bottom: 42, left: 46 };

export interface Curve {
  readonly name: string;
  readonly points: readonly (readonly [number, number])[];
}

/** Curves in the unit square with a legend, such as ROC or precision over recall; without points, it says why. */
export function curveFigure(title: string, xName: string, yName: string, curves: readonly Curve[]): Markup {
  if (curves.every(({ points }) => points.length === 0)) {
    return html`<figure class="small"><figcaption>${title}</figcaption><p class="lead">Not drawn: it takes normal and anomalous test images.</p></figure>`;
  }
  const x = scaleLinear([0, 1], [MARGIN.left, SIZE - MARGIN.right]);
  const y = scaleLinear([0, 1], [SIZE - MARGIN.bottom, MARGIN.top]);
  const ticks = [0, 0.25, 0.5, 0.75, 1].map(
    (tick) => html`<line class="grid" x1="${x(0)}" x2="${x(1)}" y1="${y(tick)}" y2="${y(tick)}"/>
<text class="tick" x="${x(0) - 6}" y="${y(tick) + 4}" text-anchor="end">${tick}</text>
<text class="tick" x="${x(tick)}" y="${y(0) + 16}" text-anchor="middle">${tick}</text>`,
  );
  const path = line<readonly [number, number]>()
    .x(([at]) => x(at))
    .y(([, value]) => y(value));
  const drawn = curves.map(({ points }, i) => html`<path class="curve c${i}" d="${path(points)!}"/>`);
  const legend = curves.map(
    ({ name }, i) =>
      html`<g transform="translate(${x(0.5)} ${y(0.08 + 0.07 * (curves.length - 1 - i))})"><path class="curve c${i}" d="M0,0h18"/><text class="tick" x="24" y="4">${name}</text></g>`,
  );
  return html`<figure class="small"><figcaption>${title}</figcaption>
<svg viewBox="0 0 ${SIZE} ${SIZE}" role="img" aria-label="${title}">${ticks}${drawn}${legend}
<text class="tick" x="${x(0.5)}" y="${SIZE - 8}" text-anchor="middle">${xName}</text>
<text class="tick" transform="translate(12 ${y(0.5)}) rotate(-90)" text-anchor="middle">${yName}</text></svg></figure>`;
}
