import { parentPort } from 'node:worker_threads';
import sharp from 'sharp';
import { WgadError } from '../errors.js';
import { loadPixels } from './loadImage.js';
// Each file is read once; libvips would keep its operations for nothing.
sharp.cache(false);
const port = parentPort;
port.on('message', async ({ id, path, size }) => {
    try {
        const pixels = await loadPixels(path, size);
        port.postMessage({ id, pixels }, [pixels.buffer]);
    }
    catch (error) {
        const where = error instanceof WgadError ? error.where : path;
        port.postMessage({ id, message: error.message, where });
    }
});
//# sourceMappingURL=decodeWorker.js.map