import type { StateDict } from '../nn/init.ts';
import { type Array64 } from './float64.ts';
/** ResNet-18's layers 1 to 3 in float64, from a state dict under `encoder.`. images [N, 3, H, W]. */
export declare function encoder64(weights: StateDict, images: Array64): [Array64, Array64, Array64];
