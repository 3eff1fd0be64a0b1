type Pattern = (x: number, y: number) => number;
interface TextureClass {
    readonly first: Pattern;
    readonly second: Pattern;
    readonly palette: readonly (readonly [number, number, number])[];
}
/** Batch `step` of the task: images [count, 3, size, size], normalised, and their labels. */
export declare function textureBatch(classes: readonly TextureClass[], step: number, count: number, size: number): {
    images: Float32Array;
    labels: Int32Array;
};
export declare const textureClasses: (count: number) => TextureClass[];
export {};
