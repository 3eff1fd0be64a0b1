/** What the user dropped or chose: a detector, images, or neither. */
import type { ChosenFile } from '../files/chosenFile.ts';
import { MASK_NAMES } from '../files/maskNames.ts';
import type { DetectorFiles } from './messages.ts';

export interface Found {
  readonly detector: DetectorFiles | null;
  readonly pictures: readonly ChosenFile[];
  /** What was passed over, in words. */
  readonly notes: readonly string[];
}

/** Those that `wgad predict` takes; what browsers do not read is then refused by name. */
const IMAGE = /\.(png|jpe?g|bmp|tiff?|webp)$/i;
const HIDDEN = /(^|\/)(\.|__MACOSX\/|@eaDir\/)/;

/** Sorts files by what they are. */
export function sortOut(files: readonly ChosenFile[]): Found {
  const seen = files.filter(({ path }) => !HIDDEN.test(path));
  const byPath = new Map(seen.map((each) => [each.path, each.file]));
  const runs = seen
    .filter(({ path }) => path.endsWith('config.json'))
    .flatMap(({ path, file }) => {
      const folder = path.slice(0, -'config.json'.length);
      const weights = byPath.get(`${folder}weights.safetensors`);
      if (!weights || (folder !== '' && !folder.endsWith('/'))) return [];
      const name = folder.replace(/\/$/, '') || 'run';
      return [
        { folder, files: { name, weights, config: file, results: byPath.get(`${folder}results.json`) } },
      ];
    });
  const [run] = runs;
  const single = seen.find(({ path }) => /\.(wgad|safetensors|pth|pt)$/i.test(path));
  const detector = run?.files ?? (single ? { name: single.path, weights: single.file } : null);
  const images = seen.filter(
    ({ path }) => IMAGE.test(path) && !runs.some(({ folder }) => folder && path.startsWith(folder)),
  );
  const masks = images.filter(({ path }) => MASK_NAMES.test(path)).length;
  // A folder of masks alone is meant.
  const pictures = masks < images.length ? images.filter(({ path }) => !MASK_NAMES.test(path)) : images;
  const left = images.length - pictures.length;
  const others = run ? 0 : seen.length - images.length - (single ? 1 : 0);
  return {
    detector,
    pictures: [...pictures].sort((a, b) => (a.path < b.path ? -1 : 1)),
    notes: [
      ...(runs.length > 1 ? [`${runs.length} runs were dropped; ${run!.files.name} is open.`] : []),
      ...(left > 0 ? [`${left} masks are not judged.`] : []),
      ...(others > 0
        ? [
            `${others} ${others === 1 ? 'file is no image and was' : 'files are no images and were'} passed over.`,
          ]
        : []),
      ...(seen.length === 0 ? ['The folder holds no file.'] : []),
    ],
  };
}
