/** Which files and folders hold a user's images, by their names, and the order in which they are listed. */
import { refuseExtra } from '../options.ts';

/** Of images, in lower case. */
export const EXTENSIONS: ReadonlySet<string> = new Set([
  '.png',
  '.jpg',
  '.jpeg',
  '.bmp',
  '.tif',
  '.tiff',
  '.webp',
]);

/** Whether a file's name is that of an image: by extension, in any case; hidden files are not. */
export const isImageName = (name: string, ...extra: never[]): boolean => {
  refuseExtra('isImageName', extra);
  return !name.startsWith('.') && EXTENSIONS.has(/\.[^.]*$/.exec(name)?.[0].toLowerCase() ?? '');
};

/** Folders that systems, archives and viewers put beside images, in lower case; some hold small copies of them. */
const FOREIGN_FOLDERS = new Set([
  ...['__macosx', '@eadir', '#recycle', '@recycle', '@tmp', 'lost+found', '$recycle.bin'],
  ...['system volume information', 'thumbs', 'thumbnails', '__pycache__'],
]);

/** Whether an entry is hidden (`._x.png` of an archive made on a Mac, too) or no part of anyone's images. */
export const isForeign = ({ name, isFolder }: { name: string; isFolder: boolean }): boolean =>
  name.startsWith('.') || (isFolder && FOREIGN_FOLDERS.has(name.toLowerCase()));

/** Lower-case names of folders of normal images, in any layout. */
export const NORMAL_NAMES: ReadonlySet<string> = new Set(['good', 'ok', 'normal']);

/** Order by code point; JavaScript's own `<` puts U+E000 to U+FFFF after the planes above. */
export function compareCodePoints(a: string, b: string, ...extra: never[]): number {
  refuseExtra('compareCodePoints', extra);
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

const rank = (unit: number): number =>
  unit >= 0xe000 ? unit - 0x800 : unit >= 0xd800 ? unit + 0x2000 : unit;
