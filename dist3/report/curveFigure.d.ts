import { type Markup } from './markup.ts';
export interface Curve {
    readonly name: string;
    readonly points: readonly (readonly [number, number])[];
}
/** Curves in the unit square with a legend, such as ROC or precision over recall. */
export declare function curveFigure(title: string, xName: string, yName: string, curves: readonly Curve[]): Markup;
