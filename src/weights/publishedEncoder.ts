/** Recognises an encoder by names and shapes alone. */

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
import { encoderTensors } from './encoderNames.ts';

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

/** The first of them that a file's tensors, under whatever prefix, are all of and no others. */
export function unpublishedEncoder(
  tensors: ReadonlyMap<string, Pick<StoredTensor, 'shape'>>,
): PretrainedName | undefined {
  const own = encoderTensors(tensors, 'encoder');
  return UNPUBLISHED.find((name) => misfits(shapesOf(encoderSpecs(pretrained(name))), own).length === 0);
}
