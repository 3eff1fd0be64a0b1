/**
 * Reads uncompressed Windows bitmaps (sharp's prebuilt library does not): 8-bit palette, 24 and 32 bits per
 * pixel, bottom-up or top-down. Returns interleaved RGB. @throws Error with the reason; the caller adds the path.
 */
export function decodeBmp(bytes, maxPixels) {
    const header = readHeader(bytes);
    const { width, height, bits, pixelStart } = header;
    if (width * height > maxPixels) {
        throw new Error(`it has ${width}x${height} pixels; at most ${maxPixels} are read`);
    }
    // Rows are padded to four bytes.
    const stride = Math.ceil((width * bits) / 32) * 4;
    if (pixelStart + stride * height > bytes.length) {
        throw new Error(`it is truncated: ${width}x${height} at ${bits} bits needs ${pixelStart + stride * height} bytes, got ${bytes.length}`);
    }
    const palette = bits === 8 ? bytes.subarray(header.paletteStart, pixelStart) : undefined;
    const step = bits / 8;
    const data = new Uint8Array(width * height * 3);
    for (let row = 0, at = 0; row < height; row++) {
        let from = pixelStart + stride * (header.topDown ? row : height - 1 - row);
        for (let column = 0; column < width; column++, from += step, at += 3) {
            const source = palette ?? bytes;
            const entry = palette ? bytes[from] * 4 : from;
            data[at] = source[entry + 2] ?? 0;
            data[at + 1] = source[entry + 1] ?? 0;
            data[at + 2] = source[entry] ?? 0;
        }
    }
    return { width, height, data };
}
/** Width and height from the header alone. @throws Error with the reason. */
export function bmpSize(bytes) {
    const { width, height } = readHeader(bytes);
    return { width, height };
}
function readHeader(bytes) {
    if (bytes.length < 54)
        throw new Error(`it is truncated: a bitmap's header has 54 bytes, got ${bytes.length}`);
    const infoSize = bytes.readUInt32LE(14);
    const width = bytes.readInt32LE(18);
    const signedHeight = bytes.readInt32LE(22);
    const bits = bytes.readUInt16LE(28);
    const compression = bytes.readUInt32LE(30);
    const height = Math.abs(signedHeight);
    if (infoSize < 40 || width <= 0 || height === 0) {
        throw new Error(`its bitmap header is invalid (${width}x${signedHeight}, header of ${infoSize} bytes)`);
    }
    // 3 = bit fields: with 32 bits, in practice always blue, green, red, alpha.
    if (!(compression === 0 || (compression === 3 && bits === 32))) {
        throw new Error(`bitmap compression ${compression} is not supported; save it uncompressed or as PNG`);
    }
    if (bits !== 8 && bits !== 24 && bits !== 32) {
        throw new Error(`bitmaps of ${bits} bits per pixel are not supported (8, 24 and 32 are)`);
    }
    const paletteStart = 14 + infoSize;
    const pixelStart = bytes.readUInt32LE(10);
    if (pixelStart < paletteStart || pixelStart > bytes.length) {
        throw new Error(`its pixels are said to start at byte ${pixelStart} of ${bytes.length}`);
    }
    return { width, height, topDown: signedHeight < 0, bits, paletteStart, pixelStart };
}
//# sourceMappingURL=bmp.js.map