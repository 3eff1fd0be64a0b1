import { LEVELS } from '../methods/alignments/alignment.ts';
import { ALIGNMENT_RECORDS, type Alignment, predictingAlignment } from '../methods/alignments/index.ts';
import { html, type Markup } from './markup.ts';
import type { ScoreRow } from './scoreRows.ts';

/** Most paths that are listed. */
const LISTED = 20;

/** What the regressor that marks unfamiliar images predicts beside a map's mean, in words. */
export function predictedBesideMean(alignments: readonly Alignment[]): string {
  const predicting = predictingAlignment(alignments);
  const learns = predicting && ALIGNMENT_RECORDS[predicting].head?.learns;
  return LEVELS[learns && learns !== 'label' ? learns : 'gamma'];
}

/**
 * Test images unlike all that the run was trained on; null where it cannot tell.
 * @param beside what the regressor predicts beside a map's mean, in words.
 */
export function unfamiliarSection(rows: readonly ScoreRow[], beside: string): Markup | null {
  const known = rows.filter(({ unfamiliar }) => unfamiliar !== null);
  if (known.length === 0) return null;
  const marked = known.filter(({ unfamiliar }) => unfamiliar);
  const byClass = new Map<string, number>();
  for (const { className } of marked) byClass.set(className, (byClass.get(className) ?? 0) + 1);
  return html`<h2>Unlike what was trained on</h2>
<p class="lead">The regressor predicts each image's normal level: the mean and the ${beside} of its map, were it free of
defects. ${marked.length} of ${known.length} test images are marked unfamiliar: their prediction, or the distance of the
map's mean from it, lies outside what the training images span. A large defect can do that, too.</p>
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
