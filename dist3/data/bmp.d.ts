/**
 * Reads uncompressed Windows bitmaps (sharp's prebuilt library does not): 8-bit palette, 24 and 32 bits per
 * pixel, bottom-up or top-down. Returns interleaved RGB. @throws Error with the reason; the caller adds the path.
 */
export declare function decodeBmp(bytes: Buffer, maxPixels: number): {
    width: number;
    height: number;
    data: Uint8Array;
};
/** Width and height from the header alone. @throws Error with the reason. */
export declare function bmpSize(bytes: Buffer): {
    width: number;
    height: number;
};
