import { type DeviceFacts, imageWords } from '../kernel.ts';
import type { ImageConv } from './images.ts';
import { pixelImage } from './pixelImages.ts';
import { weightImage } from './weightImages.ts';

/** True, or why the operands do not fit into textures. */
export function imagesFit(p: ImageConv, device: DeviceFacts): true | string {
  if (device.maxImageSide === 0) return 'the adapter does not read storage textures in shaders';
  for (const shape of [pixelImage(p), weightImage(p)]) {
    const side = Math.max(shape.width, shape.height);
    if (side > device.maxImageSide)
      return `needs a texture side of ${side}, the adapter allows ${device.maxImageSide}`;
    if (shape.layers > device.maxImageLayers)
      return `needs ${shape.layers} layers, the adapter allows ${device.maxImageLayers}`;
    if (imageWords(shape) * 4 > device.maxBindingBytes)
      return `needs a binding of ${imageWords(shape) * 4} bytes`;
  }
  return true;
}
