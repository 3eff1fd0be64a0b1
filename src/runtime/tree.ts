/** Arguments and results of compiled functions: a leaf, or arrays and plain objects of leaves. */
export type Tree<L> = L | readonly Tree<L>[] | { readonly [key: string]: Tree<L> };

/** Leaves with the path to each (`params.conv1.weight`), in a fixed order. */
export function flattenTree<L>(
  tree: Tree<L>,
  isLeaf: (node: unknown) => node is L,
  path = '',
): [string, L][] {
  if (isLeaf(tree)) return [[path, tree]];
  const entries = Array.isArray(tree) ? [...tree.entries()] : Object.entries(tree as object);
  return entries.flatMap(([key, node]) =>
    flattenTree(node, isLeaf, path === '' ? String(key) : `${path}.${key}`),
  );
}

/** The same structure with each leaf replaced. */
export function mapTree<L, M>(
  tree: Tree<L>,
  isLeaf: (node: unknown) => node is L,
  map: (leaf: L, path: string) => M,
  path = '',
): Tree<M> {
  if (isLeaf(tree)) return map(tree, path);
  const deeper = (key: string | number): string => (path === '' ? String(key) : `${path}.${key}`);
  if (Array.isArray(tree)) return tree.map((node, i) => mapTree<L, M>(node, isLeaf, map, deeper(i)));
  return Object.fromEntries(
    Object.entries(tree as { [key: string]: Tree<L> }).map(([key, node]) => [
      key,
      mapTree<L, M>(node, isLeaf, map, deeper(key)),
    ]),
  );
}
