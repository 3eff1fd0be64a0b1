/** Leaves with the path to each (`params.conv1.weight`), in a fixed order. */
export function flattenTree(tree, isLeaf, path = '') {
    if (isLeaf(tree))
        return [[path, tree]];
    const entries = Array.isArray(tree) ? [...tree.entries()] : Object.entries(tree);
    return entries.flatMap(([key, node]) => flattenTree(node, isLeaf, path === '' ? String(key) : `${path}.${key}`));
}
/** The same structure with each leaf replaced. */
export function mapTree(tree, isLeaf, map, path = '') {
    if (isLeaf(tree))
        return map(tree, path);
    const deeper = (key) => (path === '' ? String(key) : `${path}.${key}`);
    if (Array.isArray(tree))
        return tree.map((node, i) => mapTree(node, isLeaf, map, deeper(i)));
    return Object.fromEntries(Object.entries(tree).map(([key, node]) => [
        key,
        mapTree(node, isLeaf, map, deeper(key)),
    ]));
}
//# sourceMappingURL=tree.js.map