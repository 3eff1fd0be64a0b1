export { checkDataset, formatReport, } from './check.js';
export { scanDataset, } from './dataset.js';
export { decodeImage, decodeMask, imageSize } from './decode.js';
export { compareCodePoints, isImageName, listImages } from './listImages.js';
export { ImageLoader } from './loader.js';
export { IMAGENET_MEAN, IMAGENET_STD, loadImage, loadMask, loadPixels, normalize, } from './loadImage.js';
export { pilResize, pilResizeNearest } from './pilResize.js';
export { DEFECTS, SYNTH_CLASSES, synthesize, } from './synth/index.js';
//# sourceMappingURL=index.js.map