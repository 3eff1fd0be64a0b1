import { type DeviceFacts } from '../../kernels/kernel.ts';
import type { Lowered } from '../../kernels/lowering.ts';
import type { Value } from '../value.ts';
/** The dispatches that compute one value. */
export declare function lower(value: Value, device: DeviceFacts): Lowered;
/** A copy of `value`, for results that must lie somewhere in particular. */
export declare const lowerCopy: (value: Value) => Lowered;
