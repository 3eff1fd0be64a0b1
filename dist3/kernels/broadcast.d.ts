import { type Shape } from '../shape.ts';
/**
 * WGSL expression for where an operand of shape `from` is read when the flat row-major index into `to` is
 * `index` (a u32 expression): broadcasting as arithmetic on constants. Neighbouring axes that advance together
 * are merged first, so a bias over [N, C, H, W] costs one division and one remainder.
 */
export declare function broadcastIndex(index: string, to: Shape, from: Shape): string;
