/** The common case: one kernel whose bindings are the inputs in order and then the result. */
export const single = (kernel) => ({
    steps: [{ kernel, operands: [...kernel.bindings.slice(0, -1).keys(), 'out'] }],
    scratch: [],
});
//# sourceMappingURL=lowering.js.map