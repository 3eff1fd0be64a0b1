import {
  ADAPTED,
  type AdaptedConfig,
  type AdaptedName,
  adaptedFeatures,
  requireAdapted,
} from '../adapted.ts';
import type { EncoderFamilyRecord } from './family.ts';

/** ResNets that learned another network's features. */
export const adapted: EncoderFamilyRecord<AdaptedConfig, AdaptedName> = {
  members: ADAPTED,
  taps: [
    { name: 'adapter1', stride: 4 },
    { name: 'adapter2', stride: 8 },
    { name: 'adapter3', stride: 16 },
  ],
  requireConfig: requireAdapted,
  features: adaptedFeatures,
  anchors: [['conv1.weight', 'layer1.0.conv1.weight']],
};
