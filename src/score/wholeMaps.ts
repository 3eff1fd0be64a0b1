import { detectorIn } from '../methods/detectors.ts';
import type { RunConfig } from '../run/settings.ts';
import type { Session } from '../runtime/session.ts';
import { medianMs } from './medianMs.ts';
import type { ScoredImage } from './scoredImage.ts';
import { wholePlan } from './scorePlan.ts';

/** What is left to do for an image once its tiles are blended. */
export interface WholeMaps {
  /** The image with its maps smoothed, and scored unless the highest score of its tiles counts. */
  finish(image: ScoredImage): Promise<ScoredImage>;
  /** Median ms for one map. */
  latency(): Promise<number>;
}

export async function openWholeMaps(session: Session, config: RunConfig): Promise<WholeMaps> {
  const executable = await session.compile('whole maps', wholePlan(config));
  const keepsScores = config.scoreFraction === null && detectorIn(config).scoreOfTiles === 'highest';
  const run = async (map: Float32Array): Promise<{ map: Float32Array; score: number }> => {
    executable.run({ map });
    const out = await executable.read();
    return { map: out.get('map') as Float32Array, score: out.get('score')![0]! };
  };
  return {
    async finish(image) {
      const [maps, scores] = [new Map(image.maps), new Map(image.scores)];
      for (const [alignment, blended] of image.maps) {
        const { map, score } = await run(blended);
        maps.set(alignment, map);
        if (!keepsScores) scores.set(alignment, score);
      }
      return { ...image, maps, scores };
    },
    async latency() {
      const map = new Float32Array(config.size ** 2);
      const [ms] = await medianMs([() => run(map)]);
      return ms!;
    },
  };
}
