import { type Stats, statSync } from 'node:fs';
import { opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { DatasetError } from '../errors.ts';
import { isImageName } from './fileNames.ts';

/** A file as it was when it was found to be whole. */
export interface Arrived {
  readonly path: string;
  readonly bytes: number;
  /** When it was written last, in ms since 1970. */
  readonly modified: number;
}

/** Looks for new images in a folder and those below it. */
export interface Arrivals {
  /**
   * Images that are whole and were not taken before, at most `most`. A file whose size or time of writing has changed since it was
   * taken is a new one.
   */
  look(most: number): Promise<Arrived[]>;
  /** It was taken before: by an earlier process. */
  taken(file: Arrived): void;
}

/** Files that are watched until they are whole, at most: what is beyond is looked at later. */
const MOST_UNSETTLED = 4096;
/** Files between two chances for other work. */
const AT_ONCE = 500;

/**
 * A file is whole where its size and time of writing stay the same for `settleMs`, or where it was written longer ago than that, as
 * one that was renamed into the folder. Hidden files and folders are passed over. Memory: 16 bytes for each file that was taken.
 * @param now the clock, for tests.
 */
export function arrivalsIn(folder: string, settleMs: number, now: () => number = Date.now): Arrivals {
  const taken = new FileSet();
  const unsettled = new Map<string, { readonly file: Arrived; readonly since: number }>();
  const isWhole = (file: Arrived, at: number): boolean => {
    if (at - file.modified >= settleMs) return true;
    const known = unsettled.get(file.path);
    if (known?.file.bytes === file.bytes && known.file.modified === file.modified) {
      return at - known.since >= settleMs;
    }
    if (known || unsettled.size < MOST_UNSETTLED) unsettled.set(file.path, { file, since: at });
    return false;
  };
  return {
    async look(most) {
      const whole: Arrived[] = [];
      const seen = new Set<string>();
      let looked = 0;
      for await (const path of filesBelow(folder)) {
        if (++looked % AT_ONCE === 0) await new Promise((settle) => setImmediate(settle));
        const info = infoOf(path);
        if (!info?.isFile()) continue;
        const file = { path, bytes: info.size, modified: info.mtimeMs };
        if (taken.has(file)) continue;
        seen.add(path);
        if (!isWhole(file, now())) continue;
        unsettled.delete(path);
        taken.add(file);
        whole.push(file);
        if (whole.length >= most) return whole;
      }
      // Files that were removed before they were whole.
      for (const path of unsettled.keys()) if (!seen.has(path)) unsettled.delete(path);
      return whole;
    },
    taken: (file) => taken.add(file),
  };
}

/** Null of what went away, of links in a circle, and where it may not be known. */
function infoOf(path: string): Stats | null {
  try {
    return statSync(path);
  } catch {
    return null;
  }
}

/** Image files in a folder and those below it, in the system's order; nothing is kept in memory. */
async function* filesBelow(folder: string, depth = 0): AsyncGenerator<string> {
  const entries = await opendir(folder).catch((cause: NodeJS.ErrnoException) => {
    // A subfolder may be removed at any moment.
    if (depth > 0) return null;
    throw new DatasetError(`cannot watch ${folder}: ${cause.message}`, { where: folder, cause });
  });
  if (!entries) return;
  for await (const entry of entries) {
    if (entry.name.startsWith('.')) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory() && depth < DEEPEST) yield* filesBelow(path, depth + 1);
    else if (isImageName(entry.name)) yield path;
  }
}

const DEEPEST = 64;

/** Which files were seen, as 64-bit hashes of path, size and time. Two of a million are taken for one in one case of 10^7. */
class FileSet {
  /** Two words for each place; both 0: free. */
  #words = new Uint32Array(2 * 1024);
  #size = 0;

  has(file: Arrived): boolean {
    const at = this.#placeOf(hashOf(file));
    return this.#words[at] !== 0 || this.#words[at + 1] !== 0;
  }

  add(file: Arrived): void {
    if (this.has(file)) return;
    if (4 * ++this.#size > this.#words.length) this.#grow();
    const hash = hashOf(file);
    this.#words.set(hash, this.#placeOf(hash));
  }

  #placeOf([low, high]: readonly [number, number]): number {
    const places = this.#words.length / 2;
    for (let place = low % places; ; place = (place + 1) % places) {
      const [a, b] = [this.#words[2 * place]!, this.#words[2 * place + 1]!];
      if ((a === 0 && b === 0) || (a === low && b === high)) return 2 * place;
    }
  }

  #grow(): void {
    const before = this.#words;
    this.#words = new Uint32Array(2 * before.length);
    for (let at = 0; at < before.length; at += 2) {
      const hash = [before[at]!, before[at + 1]!] as const;
      if (hash[0] !== 0 || hash[1] !== 0) this.#words.set(hash, this.#placeOf(hash));
    }
  }
}

/** Two independent mixes of a text, never both 0 (the mix of cyrb53, kept whole). */
function hashOf({ path, bytes, modified }: Arrived): [number, number] {
  const text = `${path}\0${bytes}\0${modified}`;
  let [a, b] = [0xdeadbeef, 0x41c6ce57];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 2_654_435_761);
    b = Math.imul(b ^ code, 1_597_334_677);
  }
  a = Math.imul(a ^ (a >>> 16), 2_246_822_507) ^ Math.imul(b ^ (b >>> 13), 3_266_489_909);
  b = Math.imul(b ^ (b >>> 16), 2_246_822_507) ^ Math.imul(a ^ (a >>> 13), 3_266_489_909);
  return [a >>> 0, b >>> 0 || 1];
}
