import { shown } from '../errors.ts';
import type { StoredTensor } from '../formats/weightsContent.ts';
import { encoderPlace, nameInEncoder } from '../models/encoderPlace.ts';
import {
  encoderSpecs,
  familyOf,
  generalName,
  PRETRAINED_NAMES,
  type PretrainedName,
  pretrained,
} from '../models/encoders/index.ts';
import { misfits, shapesOf } from '../nn/fit.ts';
import { type Shape, shapesEqual } from '../shape.ts';
import { detectorContent } from './detector.ts';
import { encoderTensors } from './encoder.ts';

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
    : fitting(UNPUBLISHED, encoderTensors(tensors, 'encoder'));
  return { content: found === undefined ? null : `${found}${placed(place?.prefix ?? '')}`, wrong: [] };
}

/** An encoder under a publisher's names. */
export interface PublishedEncoder {
  readonly name: PretrainedName;
  readonly publisher: string;
  /** Whether it contradicts the network nowhere; tensors may be missing. */
  readonly fits: boolean;
}

/** The encoder, under its common name, that a file's tensors come closest to; null if no publisher has such names. */
export function publishedEncoder(
  tensors: ReadonlyMap<string, Pick<StoredTensor, 'shape'>>,
): PublishedEncoder | null {
  const place = encoderPlace(tensors.keys());
  const inner = [...tensors].flatMap(([name, { shape }]) => {
    const own = nameInEncoder(place, name);
    return own === null ? [] : [{ name: own, shape }];
  });
  const all = PRETRAINED_NAMES.flatMap((name) => {
    const encoder = pretrained(name);
    const { published } = familyOf(encoder);
    const publisher = published?.publisherOf(inner.map((each) => each.name)) ?? null;
    if (!published || publisher === null) return [];
    if (publisher !== published.own && !published.publishers[name]!.includes(publisher)) return [];
    const own = new Map<string, Shape>();
    for (const each of inner) {
      const known = published.ownName(each.name, publisher, encoder.config);
      if (known !== null) own.set(`encoder.${known}`, each.shape);
    }
    const expected = new Map(shapesOf(encoderSpecs(encoder)));
    const right = [...own].filter(([each, shape]) => {
      const wanted = expected.get(each);
      return wanted !== undefined && shapesEqual(wanted, shape);
    }).length;
    return [{ name: generalName(name), publisher, wrong: own.size - right, missing: expected.size - right }];
  });
  if (all.length === 0) return null;
  const { name, publisher, wrong } = all.reduce((a, b) =>
    b.wrong < a.wrong || (b.wrong === a.wrong && b.missing < a.missing) ? b : a,
  );
  return { name, publisher, fits: wrong === 0 };
}

/** Encoders whose files use our own tensor names. */
const UNPUBLISHED = PRETRAINED_NAMES.filter((name) => !familyOf(pretrained(name)).published);

/** The first of these encoders that has all of these tensors, `encoder.*`, and no others. */
const fitting = (
  names: readonly PretrainedName[],
  tensors: ReadonlyMap<string, Pick<StoredTensor, 'shape'>>,
): PretrainedName | undefined =>
  names.find((name) => misfits(shapesOf(encoderSpecs(pretrained(name))), tensors).length === 0);

const placed = (prefix: string): string => (prefix === '' ? '' : `, under ${shown(prefix)}`);
