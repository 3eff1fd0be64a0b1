/** Finds the prefix of an encoder's names in a file, whatever its trainer called it. */

import { ENCODER_FAMILIES } from './encoders/index.ts';

const ANCHORS = Object.values(ENCODER_FAMILIES).flatMap(({ anchors }) => anchors);
/** If a file has several encoders, the first match in this list is read, else the first in the file. */
const PREFERRED = [/^encoder\.$/, /^$/, /(^|\.)encoder\.$/, /(^|\.)teacher\./, /(^|\.)backbone\.$/];

export interface EncoderPlace {
  /** Prefix of all its tensors: `encoder.`, `model.backbone.`, or empty. */
  readonly prefix: string;
  /** Prefixes of other encoders in the same file. */
  readonly others: readonly string[];
}

/** Null if no encoder is recognised. */
export function encoderPlace(names: Iterable<string>): EncoderPlace | null {
  const all = new Set(names);
  const found = new Set<string>();
  for (const [first, ...rest] of ANCHORS) {
    for (const name of all) {
      const prefix = prefixBefore(name, first!);
      if (prefix !== null && rest.every((each) => all.has(`${prefix}${each}`))) found.add(prefix);
    }
  }
  const prefixes = [...found];
  for (const told of PREFERRED) {
    const prefix = prefixes.find((each) => told.test(each));
    if (prefix !== undefined) return { prefix, others: prefixes.filter((each) => each !== prefix) };
  }
  const [prefix, ...others] = prefixes;
  return prefix === undefined ? null : { prefix, others };
}

/**
 * A name of the file without the prefix of its encoder; null if it belongs to something else, such as a second encoder that
 * lies deeper. Without an encoder, the name as it is.
 */
export function nameInEncoder(place: EncoderPlace | null, name: string): string | null {
  const { prefix, others } = place ?? { prefix: '', others: [] };
  if (!name.startsWith(prefix)) return null;
  const isOfOther = others.some((other) => other.startsWith(prefix) && name.startsWith(other));
  return isOfOther ? null : name.slice(prefix.length);
}

/** The part of a name before `mark` at its end: empty, or whole words and a dot. */
function prefixBefore(name: string, mark: string): string | null {
  if (!name.endsWith(mark)) return null;
  const prefix = name.slice(0, name.length - mark.length);
  return prefix === '' || prefix.endsWith('.') ? prefix : null;
}

/** The part before `mark` in the first name that has it at the start of a word; null if none has. */
export function prefixOfMark(names: Iterable<string>, mark: string): string | null {
  for (const name of names) {
    const at = `.${name}`.indexOf(`.${mark}`);
    if (at >= 0) return name.slice(0, at);
  }
  return null;
}
