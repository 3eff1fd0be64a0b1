import type { Program } from '../kernels/program.ts';
import { type Shape } from '../shape.ts';
import type { OpName } from './ops/index.ts';
/** f16 is a storage type only: arithmetic is f32 everywhere. */
export type Dtype = 'f32' | 'f16' | 'i32' | 'u32';
/** What an op needs to know beside its inputs. Plain data, so that a graph can be printed, compared, hashed. */
export type Attrs = Readonly<Record<string, unknown>>;
/**
 * A symbolic tensor: what an op yields, immutable. The graph is whatever its outputs reach; nothing registers.
 * Ids grow in creation order, which is therefore a topological order.
 */
export interface Value {
    readonly id: number;
    readonly op: OpName;
    readonly inputs: readonly Value[];
    readonly attrs: Attrs;
    readonly shape: Shape;
    readonly dtype: Dtype;
    /** The layer that made it (`decoder.layer1.0.conv1`), for labels and errors. */
    readonly scope: string;
}
/** Anything an op takes: a symbolic value, something that holds one (a device tensor), or a number. */
export type Operand = Value | {
    readonly value: Value;
} | number;
/** Names the values made inside `body` after a layer; nests with dots. */
export declare function scope<T>(name: string, body: () => T): T;
export declare function makeValue(op: OpName, inputs: readonly Value[], attrs: Attrs, shape: Shape, dtype?: Dtype, scopeName?: string): Value;
/** A value from any operand; numbers become scalars. */
export declare function asValue(operand: Operand): Value;
/** A value whose data is known when the graph is made. Row-major `data` of `shape`. */
export declare function constant(data: ArrayLike<number>, shape: Shape, dtype?: Dtype): Value;
/** A value supplied anew at every run. */
export declare const input: (name: string, shape: Shape, dtype?: Dtype) => Value;
/** A value that persists between runs in a device buffer of its own and that effects may update in place. */
export declare const state: (name: string, shape: Shape, dtype?: Dtype) => Value;
/** A number known when the graph is made, or undefined. */
export declare function scalarConstant(value: Value): number | undefined;
/** The program of a pointwise op. */
export declare const programOf: (value: Value) => Program;
/** All values that `roots` reach, inputs before users. */
export declare function topological(roots: readonly Value[]): Value[];
/** @throws DtypeError unless every value is a float. */
export declare function requireFloat(op: string, values: Readonly<Record<string, Value>>): void;
/** @throws ShapeError unless `value` has one of the allowed ranks. */
export declare function requireRank(op: string, name: string, value: Value, ...ranks: number[]): void;
