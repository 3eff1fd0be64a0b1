import { ConfigError } from '../errors.ts';
import { checkConfig, networkSide, settingOf } from './config.ts';
import type { RunConfig } from './settings.ts';

/** How images become what a run's networks see. */
export type ImageChoice = Partial<Pick<RunConfig, 'size' | 'tile' | 'tileOverlap'>>;

/** What scoring may choose otherwise than training did; absent: as trained. */
export type ScoringChoice = ImageChoice &
  Partial<Pick<RunConfig, 'precision' | 'scoreFraction' | 'pixelScale'>>;

/**
 * A trained run's configuration with what was chosen for scoring. The networks keep the side that they were trained at, by
 * which levels and places were learned: images of another size have to be cut into tiles of that side.
 * @throws ConfigError for a choice that is wrong by itself, or asks for another side.
 */
export function scoredAs(trained: RunConfig, choice: ScoringChoice): RunConfig {
  const chosen = Object.fromEntries(Object.entries(choice).filter(([, value]) => value !== undefined));
  const { size, resize } = { ...trained, ...chosen };
  const asked: RunConfig = {
    ...trained,
    ...chosen,
    // In proportion, as for a new run.
    ...(resize !== undefined && { resize: Math.round((size * resize) / trained.size) }),
  };
  checkConfig(asked);
  const tileOverlap = settingOf(asked, 'tileOverlap');
  const config = { ...asked, ...(tileOverlap !== undefined && { tileOverlap }) };
  const [side, own] = [networkSide(trained), networkSide(config)];
  if (side === own) return config;
  throw new ConfigError(
    `scoring expects images or tiles of ${side} px, the side at which the run's networks were trained, got ${own} px`,
    { fix: `use --tile ${side}; --size says how large images are before they are cut` },
  );
}

/** Such as `512 px in tiles of 128 px that share 25 %`. */
export function imagesText({ size, tile, tileOverlap }: ImageChoice): string {
  if (tile === undefined || tile === size) return `${size} px`;
  const shared = tileOverlap === undefined ? '' : ` that share ${Number((100 * tileOverlap).toFixed(1))} %`;
  return `${size} px in tiles of ${tile} px${shared}`;
}
