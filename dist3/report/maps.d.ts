import { type HeatScale } from './heatMap.ts';
/**
 * Writes `<name>.heat.png`, `<name>.overlay.png` and, with `raw`, `<name>.map.png`: 16-bit grey, 0 at `scale.low`
 * and 65535 at `scale.high`. All images of one call share one scale, so that colours compare.
 */
export declare function writeMaps(options: {
    folder: string;
    /** Tells files of equal names in different folders apart. */
    index: number;
    path: string;
    map: Float32Array;
    size: number;
    scale: HeatScale;
    raw: boolean;
}): Promise<string[]>;
