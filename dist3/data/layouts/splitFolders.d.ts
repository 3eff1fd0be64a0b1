import type { Layout, Scan } from '../dataset.ts';
/**
 * `<class>/train/<normal>`, `<class>/test/<normal or defect>`, `<class>/ground_truth/<defect>`: MVTec AD and
 * VisA's prepared copy (normal = `good`), BTAD (normal = `ok`). Class folders lie in `base`, `root` or below.
 */
export declare function scanSplitFolders(root: string, base: string, layout: Layout, normal: string): Promise<Scan>;
