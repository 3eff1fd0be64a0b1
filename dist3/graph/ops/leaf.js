/** Values that come from outside the graph; see value.ts for their makers. */
export const leafOps = {
    /** attrs: name. */
    input: { leaf: true },
    /** attrs: name. */
    state: { leaf: true },
    /** attrs: data. */
    constant: { leaf: true },
};
//# sourceMappingURL=leaf.js.map