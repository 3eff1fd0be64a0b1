import { efficientnet } from './efficientnet.ts';
import type { EncoderFamilyRecord } from './family.ts';
import { resnet } from './resnet.ts';

/**
 * The one place that knows families of encoders by name: a further one is a file beside this one and a line here. `features`
 * reads it then; a detector reads it once its method names it in `encoders`.
 */
export const TABLE = { resnet, efficientnet } as const satisfies Record<string, EncoderFamilyRecord<unknown>>;
