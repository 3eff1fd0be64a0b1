import { type FamiliarRange, isUnfamiliar } from '../train/familiarity.ts';
import { html, type Markup } from './markup.ts';
import type { ScoreRow } from './scoreRows.ts';

/** Paths that are listed. */
const LISTED = 20;

/** Test images whose predicted normal level lies outside what the run was trained on; null where it has none. */
export function unfamiliarSection(rows: readonly ScoreRow[], range: FamiliarRange | null): Markup | null {
  if (range === null || rows.every(({ prediction }) => prediction === null)) return null;
  const marked = rows.filter(({ prediction }) => prediction !== null && isUnfamiliar(range, prediction));
  const byClass = new Map<string, number>();
  for (const { className } of marked) byClass.set(className, (byClass.get(className) ?? 0) + 1);
  const span = ([low, high]: readonly [number, number]): string =>
    `${low.toPrecision(3)} to ${high.toPrecision(3)}`;
  return html`<h2>Unlike what was trained on</h2>
<p class="lead">The regressor predicts each image's normal level: the mean and the maximum of its map, were it free of
defects. For the ${range.images} training images the predictions span ${span(range.u)} and ${span(range.gamma)};
${marked.length} of ${rows.length} test images lie outside and are marked unfamiliar.</p>
${
  marked.length === 0
    ? ''
    : html`<ul class="paths">${[...byClass].map(([name, n]) => html`<li>${name}: ${n}</li>`)}</ul>
<details><summary>Images</summary><ul class="paths">${marked
        .slice(0, LISTED)
        .map(
          ({ path }) => html`<li>${path}</li>`,
        )}${marked.length > LISTED ? html`<li>and ${marked.length - LISTED} more</li>` : ''}</ul></details>`
}`;
}
