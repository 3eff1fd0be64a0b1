import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { DatasetError } from '../errors.js';
import { scanSplitFolders } from './layouts/splitFolders.js';
import { scanVisa } from './layouts/visa.js';
import { foldersIn } from './listImages.js';
/**
 * Finds the layout of a data set from its folder names and lists its samples, classes and files sorted by
 * code point (evaluation.md 1.4).
 * @throws DatasetError for a folder that is missing or has no known layout, a class without normal training
 * or without test images, and an anomalous image without mask; all problems at once, up to ten.
 */
export async function scanDataset(root) {
    const { dataset, problems } = await scanForProblems(root);
    if (problems.length === 0)
        return dataset;
    const shown = problems.slice(0, 10).map((problem) => problem.message);
    if (problems.length > 10)
        shown.push(`and ${problems.length - 10} more`);
    throw new DatasetError(`data set ${dataset.root}: ${shown.join('; ')}`, {
        where: problems[0].path,
        fix: 'See `wgad data check` for every problem.',
    });
}
/** The same, but problems inside a data set are returned. @throws DatasetError where there is no folder. */
export async function scanForProblems(root) {
    const top = resolve(root);
    const info = await stat(top).catch(() => undefined);
    if (!info)
        throw new DatasetError(`data set ${top} does not exist`, { where: top });
    if (!info.isDirectory())
        throw new DatasetError(`data set ${top} is not a folder`, { where: top });
    const folders = await foldersIn(top);
    // VisA's prepared copy has one level more.
    const base = folders.includes('1cls') ? join(top, '1cls') : top;
    const layout = await detectLayout(base);
    if (layout === 'mvtec')
        return scanSplitFolders(top, base, layout, 'good');
    if (layout === 'btad')
        return scanSplitFolders(top, base, layout, 'ok');
    if (layout === 'visa')
        return scanVisa(top);
    const message = folders.length === 0
        ? `${top} holds no class folders`
        : folders.includes('train')
            ? `${top} looks like one class; name the folder that holds the class folders`
            : `${top} has no known layout: no class folder with train/good (MVTec AD), Data/Images (VisA) or train/ok (BTAD)`;
    const dataset = { root: top, layout: 'folder', classes: [], train: [], test: [] };
    return { dataset, problems: [{ kind: 'layout', path: top, message }] };
}
async function detectLayout(base) {
    const classes = await foldersIn(base);
    let split = false;
    for (const name of classes) {
        const parts = await foldersIn(join(base, name));
        if (parts.includes('Data'))
            return 'visa';
        if (!parts.includes('train') && !parts.includes('test'))
            continue;
        split = true;
        const normal = [
            ...(await foldersIn(join(base, name, 'train'))),
            ...(await foldersIn(join(base, name, 'test'))),
        ];
        if (normal.includes('good'))
            return 'mvtec';
        if (normal.includes('ok'))
            return 'btad';
    }
    // With neither name anywhere, MVTec AD's is what the message should ask for.
    return split ? 'mvtec' : 'folder';
}
//# sourceMappingURL=dataset.js.map