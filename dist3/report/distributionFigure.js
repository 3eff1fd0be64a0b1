import { scaleLinear } from 'd3-scale';
import { area } from 'd3-shape';
import { f1Max } from '../metrics/index.js';
import { density } from './density.js';
import { html } from './markup.js';
const WIDTH = 620;
const HEIGHT = 330;
const MARGIN = { top: 14, right: 10, bottom: 74, left: 46 };
const DOTS = 60;
/**
 * The paper's Figure 5: per class and for all together, half-violins with dots of the image scores of normals
 * (left) and anomalies (right), and the one line that is best for all (highest F1 of the pooled scores).
 */
export function distributionFigure({ title, rows, scoreOf, calibrated }) {
    const classes = [...new Set(rows.map((row) => row.className))];
    const columns = [...classes, 'all'];
    const scores = rows.map(scoreOf);
    const low = Math.min(...scores, ...(calibrated ? [0] : []));
    const high = Math.max(...scores, ...(calibrated ? [1] : []));
    const y = scaleLinear([low, high], [HEIGHT - MARGIN.bottom, MARGIN.top]).nice();
    const width = (WIDTH - MARGIN.left - MARGIN.right) / columns.length;
    const middle = (column) => MARGIN.left + (column + 0.5) * width;
    const best = f1Max(scores, rows.map((row) => row.anomalous));
    const ticks = y.ticks(6).map((tick) => html `<line class="grid" x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${y(tick)}" y2="${y(tick)}"/>
<text class="tick" x="${MARGIN.left - 6}" y="${y(tick) + 4}" text-anchor="end">${tick}</text>`);
    const halves = columns.flatMap((name, column) => [false, true].map((anomalous) => {
        const values = rows
            .filter((row) => row.anomalous === anomalous && (name === 'all' || row.className === name))
            .map(scoreOf);
        return half(values, anomalous, middle(column), width * 0.44, y);
    }));
    const labels = columns.map((name, column) => html `<text class="tick" transform="translate(${middle(column)} ${HEIGHT - MARGIN.bottom + 14}) rotate(-35)" text-anchor="end">${name}</text>`);
    const line = best.value === null
        ? []
        : [
            html `<line class="best" x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${y(best.threshold)}" y2="${y(best.threshold)}"/>
<text class="tick" x="${WIDTH - MARGIN.right}" y="${y(best.threshold) - 4}" text-anchor="end">best F1 ${best.value.toFixed(3)}</text>`,
        ];
    const one = calibrated
        ? [
            html `<line class="mark" x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${y(1)}" y2="${y(1)}"><title>1 = predicted maximum of a normal map</title></line>`,
        ]
        : [];
    return html `<figure><figcaption>${title}</figcaption>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}">${ticks}
<rect class="pooled" x="${middle(classes.length) - width / 2}" y="${MARGIN.top}" width="${width}" height="${HEIGHT - MARGIN.top - MARGIN.bottom}"/>
${halves}${one}${line}${labels}</svg></figure>`;
}
function half(values, anomalous, x, width, y) {
    if (values.length === 0)
        return html ``;
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const sign = anomalous ? 1 : -1;
    const heights = density(values, low, high, 40);
    const tallest = Math.max(...heights);
    const points = heights.map((value, i) => [low + ((high - low) * i) / 39, value / tallest]);
    const path = area()
        .x0(x)
        .x1(([, share]) => x + sign * share * width)
        .y(([at]) => y(at))(points);
    const step = Math.max(1, Math.ceil(values.length / DOTS));
    const dots = values
        .filter((_, i) => i % step === 0)
        // A fixed low-discrepancy jitter: the page is the same every time.
        .map((value, i) => html `<circle cx="${x + sign * (0.15 + 0.7 * ((i * 0.618034) % 1)) * width}" cy="${y(value)}" r="1.4"/>`);
    return html `<g class="${anomalous ? 'anomalous' : 'normal'}"><path d="${path}"/>${dots}</g>
`;
}
//# sourceMappingURL=distributionFigure.js.map