import { ConfigError } from '../errors.ts';
import { familyOf, generalName, pretrained } from '../models/encoders/index.ts';
import type { ModelConfig } from '../run/networkLayouts.ts';
import type { RunConfig } from '../run/settings.ts';
import { openDetector } from './detector.ts';
import { openPretrained } from './encoder.ts';
import type { StartWeights } from './loadStart.ts';
import type { TensorSource } from './tensorSource.ts';

/** What a training starts from, in files. */
export const startFiles = (config: ModelConfig & Pick<RunConfig, 'weights' | 'detector'>): StartWeights => ({
  encoder: () => openStart(config),
  detector: async () =>
    config.detector === undefined ? null : (await openDetector(config.detector, config)).source,
});

/** For the user: where in their file the encoder's weights were found, if not at top level. */
export async function startNotes(config: Pick<RunConfig, 'encoder' | 'weights'>): Promise<readonly string[]> {
  const source = await openStart(config);
  await source?.close();
  return source?.notes ?? [];
}

/** The encoder's tensors as `encoder.*`; null for a method without. */
async function openStart({
  encoder,
  weights,
}: Pick<RunConfig, 'encoder' | 'weights'>): Promise<TensorSource | null> {
  if (encoder === 'none') return null;
  return (await openPretrained(encoder, weights)).source;
}

/**
 * The member of its family that an encoder's weights file is for; the given name if the file cannot tell.
 * @throws ConfigError where the name asks for another.
 */
export async function encoderIn(
  encoder: RunConfig['encoder'],
  weights: string,
): Promise<RunConfig['encoder']> {
  if (encoder === 'none' || !familyOf(pretrained(encoder)).published) return encoder;
  const { source, encoder: found } = await openPretrained(encoder, weights);
  await source.close();
  const general = generalName(encoder);
  if (encoder !== general && encoder !== found) {
    throw new ConfigError(`--encoder ${encoder}: ${weights} holds weights for ${found}`, {
      fix: `ask for --encoder ${general}: the file says which of its kinds it is`,
    });
  }
  return found;
}
