import { NotFiniteError } from '../errors.ts';
import type { ScoredImage } from './scoredImage.ts';

/**
 * Returns `image` if all its maps and scores are finite; metrics could not name the image later.
 * @throws NotFiniteError naming the image and every alignment whose map or score is not.
 */
export function finiteMaps(path: string, image: ScoredImage): ScoredImage {
  const wrong = [...image.maps].flatMap(([alignment, map]) => {
    const bad = map.reduce((count, value) => count + (Number.isFinite(value) ? 0 : 1), 0);
    const score = image.scores.get(alignment);
    if (bad > 0) return `${bad} of ${map.length} pixels under ${alignment}`;
    return Number.isFinite(score) ? [] : `the score under ${alignment}`;
  });
  if (wrong.length === 0) return image;
  throw new NotFiniteError(`${path}: NaN or infinite: ${wrong.join(', ')}`, {
    where: path,
    fix: 'weights that overflow do this: train again with a smaller --lr, or look at them with wgad weights inspect',
  });
}
