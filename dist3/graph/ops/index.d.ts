import type { OpDefinition } from './definition.ts';
/** Every primitive op. A new family is one spread here; `tsc` then asks for its kernels, VJPs and specs. */
export declare const opTable: {
    reshape: {
        readonly view: true;
    };
    slabView: {
        readonly view: true;
    };
    pack: {
        readonly placesInputs: true;
    };
    permute: {};
    slice: {};
    pad: {};
    concat: {};
    pointwise: {
        readonly pointwise: true;
    };
    cast: {
        readonly nonDifferentiable: 'an element type has no derivative; cast after the loss';
    };
    conv2d: {
        readonly takesEpilogue: true;
    };
    conv2dInputGrad: {
        readonly takesEpilogue: true;
    };
    conv2dWeightGrad: {};
    input: {
        readonly leaf: true;
    };
    state: {
        readonly leaf: true;
    };
    constant: {
        readonly leaf: true;
    };
    matmul: {
        readonly takesEpilogue: true;
    };
    reduce: {
        readonly takesPrologue: true;
    };
    argmax: {
        readonly nonDifferentiable: 'an index does not move with its values';
    };
    maxPool2d: {};
    maxPool2dGrad: {
        readonly nonDifferentiable: 'second derivatives of max pooling are not implemented';
    };
    avgPool2d: {};
    avgPool2dGrad: {};
    randomUniform: {
        readonly nonDifferentiable: 'it depends on nothing';
    };
    interpolate: {};
    interpolateGrad: {};
    kthLargest: {
        readonly nonDifferentiable: 'its derivative depends on ties; use topFractionMean, which settles them';
    };
    oneHot: {
        readonly nonDifferentiable: 'labels are integers';
    };
    gather: {};
    gatherGrad: {
        readonly nonDifferentiable: 'second derivatives of gather are not implemented';
    };
    cosineMap: {};
    rowDots: {};
    assign: {
        readonly updates: readonly [0];
        readonly nonDifferentiable: 'it updates state';
    };
    assignAverage: {
        readonly updates: readonly [0];
        readonly nonDifferentiable: 'it updates state';
    };
    adamw: {
        readonly updates: readonly [0, 1, 2];
        readonly nonDifferentiable: 'it updates state';
    };
    adamwAmsgrad: {
        readonly updates: readonly [0, 1, 2, 3];
        readonly nonDifferentiable: 'it updates state';
    };
    sgd: {
        readonly updates: readonly [0, 1];
        readonly nonDifferentiable: 'it updates state';
    };
    stopGradient: {
        readonly identity: true;
    };
    custom: {
        readonly identity: true;
    };
};
export type OpName = keyof typeof opTable;
/** The same table under its general type, for passes that ask for traits. */
export declare const OPS: Readonly<Record<OpName, OpDefinition>>;
/** Ops that a VJP table must cover. */
export type DifferentiableOp = {
    [K in OpName]: (typeof opTable)[K] extends {
        leaf: true;
    } | {
        nonDifferentiable: string;
    } | {
        identity: true;
    } ? never : K;
}[OpName];
/** Ops that lowering must cover: those that dispatch something. */
export type LoweredOp = {
    [K in OpName]: (typeof opTable)[K] extends {
        leaf: true;
    } | {
        view: true;
    } | {
        placesInputs: true;
    } | {
        identity: true;
    } ? never : K;
}[OpName];
