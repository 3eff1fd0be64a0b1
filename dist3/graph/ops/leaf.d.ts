/** Values that come from outside the graph; see value.ts for their makers. */
export declare const leafOps: {
    /** attrs: name. */
    readonly input: {
        readonly leaf: true;
    };
    /** attrs: name. */
    readonly state: {
        readonly leaf: true;
    };
    /** attrs: data. */
    readonly constant: {
        readonly leaf: true;
    };
};
