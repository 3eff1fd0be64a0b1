import { shown } from '../errors.ts';
import type { StoredTensor } from '../formats/weightsContent.ts';
import { encoderPlace } from '../models/encoderPlace.ts';
import { detectorContent } from './detector.ts';
import { publishedEncoder, unpublishedEncoder } from './publishedEncoder.ts';

export interface WeightsMeaning {
  /** In words; null where names and shapes say nothing. */
  readonly content: string | null;
  /** A detector's tensors that are missing, mis-shaped or unexpected. */
  readonly wrong: readonly string[];
}

/** Recognises a file's tensors by names and shapes alone. */
export function contentOf(tensors: ReadonlyMap<string, StoredTensor>): WeightsMeaning {
  const detector = detectorContent(tensors);
  if (detector) {
    const { code, encoder, wrong } = detector;
    return { content: `checkpoint of ${code}, encoder ${encoder}${placed(detector.prefix)}`, wrong };
  }
  const place = encoderPlace(tensors.keys());
  const published = publishedEncoder(tensors);
  const found = published
    ? `${published.fits ? '' : 'an encoder like '}${published.name} under the names of ${published.publisher}`
    : unpublishedEncoder(tensors);
  return { content: found === undefined ? null : `${found}${placed(place?.prefix ?? '')}`, wrong: [] };
}

const placed = (prefix: string): string => (prefix === '' ? '' : `, under ${shown(prefix)}`);
