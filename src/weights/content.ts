import { shown } from '../errors.ts';
import type { StoredTensor } from '../formats/weightsContent.ts';
import { encoderPlace, nameInEncoder } from '../models/encoderPlace.ts';
import {
  ENCODER_FAMILIES,
  encoderSpecs,
  familyOf,
  generalName,
  PRETRAINED_NAMES,
  type PretrainedName,
  pretrained,
} from '../models/encoders/index.ts';
import { misfits, shapesOf } from '../nn/fit.ts';
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
  const inner = new Map(
    [...tensors].flatMap(([name, tensor]) => {
      const own = nameInEncoder(place, name);
      return own === null ? [] : [[own, tensor] as const];
    }),
  );
  const named = Object.values(ENCODER_FAMILIES).flatMap(({ published, members }) => {
    const publisher = published?.publisherOf(inner.keys()) ?? null;
    if (!published || publisher === null) return [];
    const own = [...inner].flatMap(([name, tensor]) => {
      const known = published.ownName(name, publisher);
      return known === null ? [] : [[`encoder.${known}`, tensor] as const];
    });
    const names = generalNames(Object.keys(members) as PretrainedName[]);
    const name = names.length > 1 ? fitting(names, new Map(own)) : names[0]!;
    return [`${name ?? `an encoder like ${names[0]}`} under the names of ${publisher}`];
  });
  const found = named[0] ?? fitting(UNPUBLISHED, encoderTensors(tensors, 'encoder'));
  return { content: found === undefined ? null : `${found}${placed(place?.prefix ?? '')}`, wrong: [] };
}

const generalNames = (names: readonly PretrainedName[]): PretrainedName[] =>
  names.filter((name) => generalName(name) === name);

/** Encoders whose files use our own tensor names. */
const UNPUBLISHED = PRETRAINED_NAMES.filter((name) => !familyOf(pretrained(name)).published);

/** The first of these encoders that has all of these tensors, `encoder.*`, and no others. */
const fitting = (
  names: readonly PretrainedName[],
  tensors: ReadonlyMap<string, Pick<StoredTensor, 'shape'>>,
): PretrainedName | undefined =>
  names.find((name) => misfits(shapesOf(encoderSpecs(pretrained(name))), tensors).length === 0);

const placed = (prefix: string): string => (prefix === '' ? '' : `, under ${shown(prefix)}`);
