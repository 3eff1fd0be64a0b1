import { initialize } from '../nn/init.ts';
import type { RunLayouts } from '../run/networkLayouts.ts';
import type { RunConfig } from '../run/settings.ts';
import type { Session } from '../runtime/session.ts';
import { type TensorSource, underName } from './tensorSource.ts';

/** Opens what a training starts from; each is closed again. */
export interface StartWeights {
  /** The encoder's tensors as `encoder.*`; null for a method without. */
  encoder(): Promise<TensorSource | null>;
  /** The trained part of a detector; null: fresh from the seed. */
  detector(): Promise<TensorSource | null>;
}

/**
 * The encoder for each part that starts from it, and a detector to start from; the rest from the seed. The method's
 * memory is left to `loadMemory`.
 */
export async function loadStart(
  session: Session,
  layouts: RunLayouts,
  { seed }: Pick<RunConfig, 'seed'>,
  start: StartWeights,
): Promise<void> {
  const encoder = await start.encoder();
  try {
    for (const part of layouts.parts) {
      if (part.start === 'encoder') await session.loadFrom(part, underName(encoder!, 'encoder', part.name));
    }
  } finally {
    await encoder?.close();
  }
  const fresh = layouts.parts.filter(({ start: from }) => from === 'seed');
  for (const layout of [...fresh, ...Object.values(layouts.heads)]) {
    session.load(layout, initialize([...layout.parameters.specs, ...layout.buffers.specs], seed));
  }
  const detector = await start.detector();
  if (!detector) return;
  try {
    for (const part of fresh) await session.loadFrom(part, detector);
  } finally {
    await detector.close();
  }
}
