import { adapted } from './adapted.ts';
import { efficientnet } from './efficientnet.ts';
import type { EncoderFamilyRecord } from './family.ts';
import { mobile } from './mobile.ts';
import { resnet } from './resnet.ts';

/**
 * The one place that knows families of encoders by name: to add one, add a file beside this one and a line here.
 * `features` reads it then, and so does each method that finds the strides it needs among its taps.
 */
export const TABLE = { resnet, efficientnet, mobile, adapted } as const satisfies Record<
  string,
  EncoderFamilyRecord<unknown>
>;
