/** Where in a file's names an encoder lies: whatever its trainer put before them. */

import { ENCODER_FAMILIES } from './encoders/index.ts';

const ANCHORS = Object.values(ENCODER_FAMILIES).flatMap(({ anchors }) => anchors);
/** Of several encoders in a file the first of these is read; then the first in the file. */
const PREFERRED = [/^encoder\.$/, /^$/, /(^|\.)encoder\.$/, /(^|\.)teacher\./, /(^|\.)backbone\.$/];

export interface EncoderPlace {
  /** What every tensor of the encoder begins with: `encoder.`, `model.backbone.`, nothing. */
  readonly prefix: string;
  /** Prefixes of other encoders in the same file. */
  readonly others: readonly string[];
}

/** Null where no encoder is known by its names. */
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

/** What stands before `mark` at the end of a name: nothing, or whole words and a dot. */
function prefixBefore(name: string, mark: string): string | null {
  if (!name.endsWith(mark)) return null;
  const prefix = name.slice(0, name.length - mark.length);
  return prefix === '' || prefix.endsWith('.') ? prefix : null;
}

/** What stands before the first name that has `mark` at the beginning of a word; null where none has. */
export function prefixOfMark(names: Iterable<string>, mark: string): string | null {
  for (const name of names) {
    const at = `.${name}`.indexOf(`.${mark}`);
    if (at >= 0) return name.slice(0, at);
  }
  return null;
}
