/** Encoders whose weights ship with the package: docs/encoder.md says what they are and are not. */
export const EMBEDDED_ENCODERS = ['resnet18_w16', 'resnet18_w32', 'resnet18_w32_distilled'] as const;
export type EmbeddedEncoder = (typeof EMBEDDED_ENCODERS)[number];

/** The default for training. */
export const DEFAULT_ENCODER = 'resnet18_w32' satisfies EmbeddedEncoder;

export const isEmbedded = (encoder: string): encoder is EmbeddedEncoder =>
  EMBEDDED_ENCODERS.some((each) => each === encoder);
