import { type Shape } from './canvas.ts';
/** Signed distances after I. Quilez, "2D distance functions"; all are centred on the origin, in units. */
export declare function disc(radius: number): Shape;
/** A ring of the given middle radius and thickness. */
export declare function ring(radius: number, thickness: number): Shape;
/** A rectangle of the given full width and height with rounded corners. */
export declare function box(width: number, height: number, corner?: number): Shape;
/** A rounded bar from (x0, y0) to (x1, y1). */
export declare function bar(x0: number, y0: number, x1: number, y1: number, radius: number): Shape;
/** A regular hexagon, `apothem` from the centre to each side, corners rounded by `corner`. */
export declare function hexagon(apothem: number, corner?: number): Shape;
