import { ConfigError } from '../errors.ts';
import { familyOf, generalName, pretrained } from '../models/encoders/index.ts';
import { initialize } from '../nn/init.ts';
import type { ModelConfig, RunLayouts } from '../run/networkLayouts.ts';
import type { RunConfig } from '../run/settings.ts';
import type { Session } from '../runtime/session.ts';
import { openDetector } from './detector.ts';
import { openPretrained } from './encoder.ts';
import { type TensorSource, underName } from './tensorSource.ts';

/**
 * The encoder for each part that starts from it, and a detector to start from, from their files; the rest from the
 * seed. The method's memory is left to `loadMemory`.
 */
export async function loadStart(
  session: Session,
  layouts: RunLayouts,
  config: ModelConfig & Pick<RunConfig, 'weights' | 'seed' | 'detector'>,
): Promise<void> {
  const encoder = await openStart(config);
  try {
    for (const part of layouts.parts) {
      if (part.start === 'encoder') await session.loadFrom(part, underName(encoder!, 'encoder', part.name));
    }
  } finally {
    await encoder?.close();
  }
  const fresh = layouts.parts.filter(({ start }) => start === 'seed');
  for (const layout of [...fresh, ...Object.values(layouts.heads)]) {
    session.load(layout, initialize([...layout.parameters.specs, ...layout.buffers.specs], config.seed));
  }
  if (config.detector === undefined) return;
  const { source } = await openDetector(config.detector, config);
  try {
    for (const part of fresh) await session.loadFrom(part, source);
  } finally {
    await source.close();
  }
}

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
