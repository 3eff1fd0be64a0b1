import { efficientnet } from './efficientnet.ts';
import type { EncoderFamilyRecord } from './family.ts';
import { mobile } from './mobile.ts';
import { resnet } from './resnet.ts';

/**
 * The one place that knows families of encoders by name: to add one, add a file beside this one and a line here, and
 * name it in the `encoders` of methods that read it. `features` reads it then; a detector reads it once its method
 * names it in `encoders`.
 */
export const TABLE = { resnet, efficientnet, mobile } as const satisfies Record<
  string,
  EncoderFamilyRecord<unknown>
>;
