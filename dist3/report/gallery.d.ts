import { type HeatScale } from './heatMap.ts';
import { type Markup } from './markup.ts';
/** One test image with its maps at evaluation size. */
export interface GalleryItem {
    readonly caption: string;
    readonly anomalous: boolean;
    readonly size: number;
    /** RGB planes, [3, size, size]. */
    readonly pixels: Uint8Array;
    /** 0 and 1, [size, size]; null for a normal image. */
    readonly mask: Uint8Array | null;
    /** [size, size] per alignment. */
    readonly maps: ReadonlyMap<string, Float32Array>;
}
/**
 * The paper's Figure 6: a column per image; rows: image, image with the mask's outline, then per alignment the
 * map over the image and the map alone. Each alignment has one fixed scale over the whole data set: with a
 * scale per image every normal image would look alarming.
 */
export declare function galleryFigure(title: string, items: readonly GalleryItem[], scales: Readonly<Record<string, HeatScale>>): Promise<Markup>;
/** Planes to RGB per pixel. */
export declare function interleaved(planar: Uint8Array): Uint8Array;
