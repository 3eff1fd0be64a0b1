import type { Pixels } from './pilResize.ts';
/**
 * Decodes PNG, JPEG, WebP, TIFF (first page) and BMP to interleaved 8-bit RGB. What the file contains counts,
 * not its extension. Grey is replicated; alpha is dropped, not composited; 16-bit samples keep their high
 * byte; CMYK is converted to sRGB by libvips; EXIF orientation is applied (PIL leaves that to its caller).
 * @throws ImageError naming the path and the reason.
 */
export declare function decodeImage(path: string): Promise<Pixels>;
/**
 * Decodes a mask to one channel of 0 and 255: anomalous is whatever is not 0 in the first channel
 * (evaluation.md 1.2, 1.3), or, in a palette image, in any.
 * @throws ImageError naming the path and the reason.
 */
export declare function decodeMask(path: string): Promise<Pixels>;
/** Width and height as decoded (orientation applied), from the header alone. @throws ImageError. */
export declare function imageSize(path: string): Promise<{
    width: number;
    height: number;
}>;
