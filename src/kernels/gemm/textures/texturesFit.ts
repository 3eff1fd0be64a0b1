import { type DeviceFacts, textureWords } from '../../kernel.ts';
import type { GemmProblem } from '../problem.ts';
import type { Correlation } from './correlation.ts';
import { pixelTexture } from './pixelTexture.ts';
import { weightTexture } from './weightTexture.ts';

/** Below this, packing and two more dispatches cost more than they save. */
export const LEAST_FLOPS = 1e6;

/** True, or why the operands do not fit into textures. */
export function texturesFit(p: Correlation, device: DeviceFacts): true | string {
  if (device.maxImageSide === 0) return 'the adapter does not read storage textures in shaders';
  for (const shape of [pixelTexture(p), weightTexture(p)]) {
    const side = Math.max(shape.width, shape.height);
    if (side > device.maxImageSide)
      return `needs a texture side of ${side}, the adapter allows ${device.maxImageSide}`;
    if (shape.layers > device.maxImageLayers)
      return `needs ${shape.layers} layers, the adapter allows ${device.maxImageLayers}`;
    if (textureWords(shape) * 4 > device.maxBindingBytes)
      return `needs a binding of ${textureWords(shape) * 4} bytes`;
  }
  return true;
}

/** Whether operands of some product are packed on this adapter. */
export const packsAtAll = ({ software, subgroupSize, maxImageSide }: DeviceFacts): boolean =>
  software && subgroupSize >= 4 && maxImageSide > 0;

/** True, or why a CPU adapter does not pack the problem's operands. */
export function packs(problem: GemmProblem, p: Correlation, device: DeviceFacts): true | string {
  if (!device.software || device.subgroupSize < 4) return 'needs a CPU adapter with subgroups of at least 4';
  if (problem.z > 1) return 'groups are not packed';
  if (p.channels < 3 || p.rows < 3) return 'has too few channels to fill texels';
  return texturesFit(p, device);
}
