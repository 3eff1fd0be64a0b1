import { publishedClasses } from './classFolders.ts';
import type { DataLayout } from './layout.ts';

/** MVTec AD (evaluation.md 1.1), and VisA as its own script prepares it: normal images are called `good`. */
export const mvtec: DataLayout = publishedClasses({
  normal: 'good',
  defect: '<defect>',
  name: 'MVTec AD',
  sets: "MVTec AD, VisA's prepared copy",
});
