import { initialize } from '../nn/init.ts';
import type { RunConfig } from './config.ts';
import { openRevdist } from './detectorCheckpoint.ts';
import { openEncoderWeights } from './encoderWeights.ts';
import type { RunLayouts } from './layouts.ts';
import type { Session } from './session.ts';
import { underName } from './tensorSource.ts';

/** The encoder for each part that starts from it, and a detector to start from, from their files; the rest from the seed. */
export async function loadStart(session: Session, layouts: RunLayouts, config: RunConfig): Promise<void> {
  const encoder = await openEncoderWeights(config.weights, 'encoder');
  try {
    for (const part of layouts.parts) {
      if (part.start === 'encoder') await session.loadFrom(part, underName(encoder, 'encoder', part.name));
    }
  } finally {
    await encoder.close();
  }
  const fresh = layouts.parts.filter(({ start }) => start === 'seed');
  for (const layout of [...fresh, ...Object.values(layouts.heads)]) {
    session.load(layout, initialize([...layout.parameters.specs, ...layout.buffers.specs], config.seed));
  }
  if (config.detector === undefined) return;
  const { source } = await openRevdist(config.detector, config.encoder);
  try {
    for (const part of fresh) await session.loadFrom(part, source);
  } finally {
    await source.close();
  }
}
