import { fileURLToPath } from 'node:url';
import { ConfigError } from '../errors.ts';

/** ResNets whose weights ship with the package: docs/encoder.md says what they are and are not. */
export const EMBEDDED_ENCODERS = ['resnet18_w16', 'resnet18_w32'] as const;
export type EmbeddedEncoder = (typeof EMBEDDED_ENCODERS)[number];

/** What trains unless something else is asked for: the better of them. */
export const DEFAULT_ENCODER = 'resnet18_w32' satisfies EmbeddedEncoder;

export const isEmbedded = (encoder: string): encoder is EmbeddedEncoder =>
  EMBEDDED_ENCODERS.some((each) => each === encoder);

export const embeddedPath = (encoder: EmbeddedEncoder): string =>
  fileURLToPath(new URL(`../../weights/${encoder}.safetensors`, import.meta.url));

/**
 * The file with an encoder's weights: `weights`, or the package's own where that says `embedded`.
 * @throws ConfigError where the package has none for this encoder
 */
export function weightsPath(encoder: string, weights: string): string {
  if (weights !== 'embedded') return weights;
  if (isEmbedded(encoder)) return embeddedPath(encoder);
  throw new ConfigError(
    `--encoder ${encoder} has no embedded weights; ${EMBEDDED_ENCODERS.join(' and ')} have`,
  );
}
