import { fileURLToPath } from 'node:url';
import { ConfigError } from '../errors.ts';
import { EMBEDDED_ENCODERS, type EmbeddedEncoder, isEmbedded } from '../models/embedded.ts';

export const embeddedPath = (encoder: EmbeddedEncoder): string =>
  fileURLToPath(new URL(`../../weights/${encoder}.safetensors`, import.meta.url));

/**
 * The file with an encoder's weights: `weights`, or the package's own where that says `embedded`.
 * @throws ConfigError where the package has none for this encoder
 */
export function weightsPath(encoder: string, weights: string): string {
  if (weights !== 'embedded') return weights;
  if (isEmbedded(encoder)) return embeddedPath(encoder);
  throw new ConfigError(`--encoder ${encoder} has no embedded weights; ${EMBEDDED_ENCODERS.join(', ')} have`);
}
