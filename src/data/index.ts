export { checkDataset, type DatasetReport, formatReport } from './check.ts';
export { chooseContaminants, contaminate } from './contaminate.ts';
export { type ConvertOptions, type ConvertResult, convertDatasets } from './convert/convert.ts';
export {
  type Dataset,
  requireTestImages,
  scanDataset,
  scanForProblems,
} from './dataset.ts';
export { decodeImage, decodeMask, imageSize } from './decode.ts';
export { compareCodePoints, isImageName } from './fileNames.ts';
export { type DatasetProblem, problemLines } from './findings.ts';
export { MASK_RULES, type MaskRule } from './fit.ts';
export { type Frame, RESAMPLES, type Resample } from './frame.ts';
export { imagesToScore } from './imagesToScore.ts';
export { LAYOUTS, type Layout } from './layouts/index.ts';
export type { Box, Sample } from './layouts/layout.ts';
export { listImages } from './listImages.ts';
export { ImageLoader, type ImageLoaderOptions } from './loader.ts';
export { loadImage, loadMask, loadPixels } from './loadImage.ts';
export { sampleMask } from './maskProblems.ts';
export { IMAGENET_MEAN, IMAGENET_STD, normalize } from './normalize.ts';
export type { ClassCounts } from './official.ts';
export { type CountDifference, type OfficialComparison, officialSet, officialTotals } from './official.ts';
export { type Pixels, pilResize, pilResizeNearest } from './pilResize.ts';
export type { StopSignal } from './stopSignal.ts';
export {
  DEFECTS,
  type Defect,
  SYNTH_CLASSES,
  type SynthesizeOptions,
  type SynthesizeResult,
  synthesize,
} from './synth/index.ts';
export { blendWeights, cornerOf, cutTile, type TileGrid, type TileOf, tileGrid } from './tiles.ts';
