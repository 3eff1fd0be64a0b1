/** Networks as functions over values, under torchvision's names. */
export { bottleneck } from './bottleneck.js';
export { alignHead } from './regressor.js';
export { featureChannels, RESNETS, resnetFeatures } from './resnet.js';
export { reverseDecoder } from './reverseDecoder.js';
//# sourceMappingURL=index.js.map