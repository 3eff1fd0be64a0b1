/** Sizes of a tensor's axes, outermost first. `[]` is a scalar. */
export type Shape = readonly number[];
export declare const product: (sizes: Shape) => number;
export declare const shapesEqual: (a: Shape, b: Shape) => boolean;
export declare const shapeText: (shape: Shape) => string;
/** Row-major strides, in elements. */
export declare function stridesOf(shape: Shape): number[];
/**
 * The shape both operands broadcast to (NumPy rules: align at the right, 1 stretches).
 * @throws ShapeError naming `op` and both shapes.
 */
export declare function broadcastShapes(op: string, a: Shape, b: Shape): number[];
/** A possibly negative axis as 0..rank-1. */
export declare function normalizeAxis(op: string, axis: number, rank: number): number;
