import { relative, sep } from 'node:path';
import { shown } from '../../errors.ts';
import type { DatasetProblem } from '../findings.ts';
import type { OnSkipped } from '../listImages.ts';

/** Adds what is passed over to a layout's oddities. */
export const skippedTo =
  (root: string, oddities: DatasetProblem[]): OnSkipped =>
  (path, what, reason) =>
    void oddities.push(what === 'folder' ? skippedFolder(root, path, reason) : skippedFile(root, path));

/** The same where files of other kinds may lie among the images: only what was not searched is told. */
export const unsearchedTo = (root: string, oddities: DatasetProblem[]): OnSkipped => {
  const skip = skippedTo(root, oddities);
  return (path, what, reason) => {
    if (reason !== undefined) skip(path, what, reason);
  };
};

/** A folder inside a data set that is not part of it. */
export function skippedFolder(root: string, path: string, reason?: string): DatasetProblem {
  const item = shown(relative(root, path).split(sep).join('/'));
  const message = `folder ${item} is skipped: ${reason ?? 'it is no part of this layout'}`;
  return { kind: 'skipped-folder', path, item, message };
}

export function skippedFile(root: string, path: string): DatasetProblem {
  const item = relative(root, path).split(sep).join('/');
  return {
    kind: 'skipped-file',
    path,
    item,
    message: `file ${item} is skipped: it is no image, or lies where none belong`,
  };
}

/** Class folders without images. */
export const classless = (base: string): DatasetProblem => ({
  kind: 'layout',
  path: base,
  item: base,
  message: `${base} holds no image in the train or test of any folder`,
});
