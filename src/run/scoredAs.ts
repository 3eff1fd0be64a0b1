import { ConfigError } from '../errors.ts';
import { roundPercent } from '../formats/percent.ts';
import { checkConfig, networkSide, settingOf } from './config.ts';
import type { Scoring } from './setting.ts';
import { ROWS, type RunConfig, type ScoringName } from './settings.ts';

/** What a way of scoring may choose otherwise than training did; absent: as trained. */
export type ScoringChoice<By extends Scoring> = { readonly [K in ScoringName<By>]?: RunConfig[K] };

/** The settings of a `ScoringChoice`: first those that fewest ways have, each in the order of the table. */
export function scoringNames<By extends Scoring>(by: By): ScoringName<By>[] {
  const rows = ROWS.filter(([, { scoring }]) => scoring?.includes(by));
  rows.sort(([, a], [, b]) => a.scoring!.length - b.scoring!.length);
  return rows.map(([name]) => name as ScoringName<By>);
}

/**
 * A trained run's configuration with what was chosen for scoring, of whose other entries nothing is read. The networks keep the side that they were trained at, by
 * which levels and places were learned: images of another size have to be cut into tiles of that side.
 * @throws ConfigError for a choice that is wrong by itself, or asks for another side.
 */
export function scoredAs<By extends Scoring>(
  trained: RunConfig,
  by: By,
  choice: ScoringChoice<By>,
): RunConfig {
  const chosen = Object.fromEntries(
    scoringNames(by).flatMap((name) => (choice[name] === undefined ? [] : [[name, choice[name]]])),
  );
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
export function imagesText({
  size,
  tile,
  tileOverlap,
}: Pick<RunConfig, 'size' | 'tile' | 'tileOverlap'>): string {
  if (tile === undefined || tile === size) return `${size} px`;
  const shared = tileOverlap === undefined ? '' : ` that share ${roundPercent(tileOverlap)} %`;
  return `${size} px in tiles of ${tile} px${shared}`;
}
