/** Arguments and results of compiled functions: a leaf, or arrays and plain objects of leaves. */
export type Tree<L> = L | readonly Tree<L>[] | {
    readonly [key: string]: Tree<L>;
};
/** Leaves with the path to each (`params.conv1.weight`), in a fixed order. */
export declare function flattenTree<L>(tree: Tree<L>, isLeaf: (node: unknown) => node is L, path?: string): [string, L][];
/** The same structure with each leaf replaced. */
export declare function mapTree<L, M>(tree: Tree<L>, isLeaf: (node: unknown) => node is L, map: (leaf: L, path: string) => M, path?: string): Tree<M>;
