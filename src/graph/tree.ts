/** Arguments and results of compiled functions: a leaf, or arrays and plain objects of leaves. */
export type Tree<L> = L | readonly Tree<L>[] | { readonly [key: string]: Tree<L> };

/** Leaves with the path to each (`params.conv1.weight`), in a fixed order. No two leaves have the same. */
export function flattenTree<L>(
  tree: Tree<L>,
  isLeaf: (node: unknown) => node is L,
  path = '',
): [string, L][] {
  if (isLeaf(tree)) return [[path, tree]];
  const entries = Array.isArray(tree) ? [...tree.entries()] : Object.entries(tree as object);
  return entries.flatMap(([key, node]) => flattenTree(node, isLeaf, deeper(path, String(key))));
}

/** The same structure with each leaf replaced. */
export function mapTree<L, M>(
  tree: Tree<L>,
  isLeaf: (node: unknown) => node is L,
  map: (leaf: L, path: string) => M,
  path = '',
): Tree<M> {
  if (isLeaf(tree)) return map(tree, path);
  const below = (key: string, node: Tree<L>): Tree<M> => mapTree<L, M>(node, isLeaf, map, deeper(path, key));
  if (Array.isArray(tree)) return tree.map((node, i) => below(String(i), node));
  return Object.fromEntries(
    Object.entries(tree as { [key: string]: Tree<L> }).map(([key, node]) => [key, below(key, node)]),
  );
}

/** Quoted where it could be taken for more than one key: `weights["layer1.conv"]` is not `weights.layer1.conv`. */
function deeper(path: string, key: string): string {
  if (!/^[^."[\]]+$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === '' ? key : `${path}.${key}`;
}

/** Equal for trees of one structure whose leaves have the same text; empty parts count. */
export const structureText = <L>(
  tree: Tree<L>,
  isLeaf: (node: unknown) => node is L,
  text: (leaf: L) => string,
): string => JSON.stringify(mapTree<L, string>(tree, isLeaf, text));
