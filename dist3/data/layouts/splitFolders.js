import { join, parse, relative, sep } from 'node:path';
import { foldersIn, imagesIn } from '../listImages.js';
/**
 * `<class>/train/<normal>`, `<class>/test/<normal or defect>`, `<class>/ground_truth/<defect>`: MVTec AD and
 * VisA's prepared copy (normal = `good`), BTAD (normal = `ok`). Class folders lie in `base`, `root` or below.
 */
export async function scanSplitFolders(root, base, layout, normal) {
    const classes = await foldersIn(base);
    const train = [];
    const test = [];
    const problems = [];
    for (const className of classes) {
        const folder = join(base, className);
        const normals = await samplesIn(root, join(folder, 'train', normal), className);
        if (normals.length === 0) {
            problems.push({
                kind: 'no-train',
                path: folder,
                message: `class ${className} has no images in train/${normal}`,
            });
        }
        train.push(...normals);
        const tested = await testSamples(root, folder, className, normal, problems);
        if (tested.length === 0) {
            problems.push({ kind: 'no-test', path: folder, message: `class ${className} has no images in test` });
        }
        test.push(...tested);
    }
    return { dataset: { root, layout, classes, train, test }, problems };
}
async function testSamples(root, folder, className, normal, problems) {
    const samples = [];
    for (const defect of await foldersIn(join(folder, 'test'))) {
        const images = await samplesIn(root, join(folder, 'test', defect), className);
        if (defect === normal) {
            samples.push(...images);
            continue;
        }
        const masks = await masksByStem(join(folder, 'ground_truth', defect));
        for (const image of images) {
            const stem = parse(image.path).name.toLowerCase();
            const maskPath = masks.get(`${stem}_mask`) ?? masks.get(stem) ?? null;
            if (maskPath === null) {
                const wanted = `${className}/ground_truth/${defect}/${parse(image.path).name}_mask.*`;
                problems.push({
                    kind: 'missing-mask',
                    path: image.path,
                    message: `${image.id} has no mask ${wanted}`,
                });
            }
            samples.push({ ...image, defect, anomalous: true, maskPath });
        }
    }
    return samples;
}
/** Pairing is by name in any case, never by order: a missing mask must not shift the others. */
async function masksByStem(folder) {
    const masks = new Map();
    for (const name of await imagesIn(folder))
        masks.set(parse(name).name.toLowerCase(), join(folder, name));
    return masks;
}
async function samplesIn(root, folder, className) {
    return (await imagesIn(folder)).map((name) => {
        const path = join(folder, name);
        const id = relative(root, path).split(sep).join('/');
        return { path, id, className, defect: 'good', anomalous: false, maskPath: null };
    });
}
//# sourceMappingURL=splitFolders.js.map