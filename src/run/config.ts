import type { Frame } from '../data/frame.ts';
import { type TileGrid, tileGrid } from '../data/tiles.ts';
import { ConfigError } from '../errors.ts';
import type { ScoreRule } from '../methods/cada.ts';
import type { Detector, Model } from '../methods/detector.ts';
import { DETECTOR_NAMES, detectorIn } from '../methods/detectors.ts';
import { beforeDecoder, pretrained } from '../models/encoders/index.ts';
import type { OptimiserConfig } from '../nn/optimiser.ts';
import { withNearest } from '../options.ts';
import type { Around, Setting } from './setting.ts';
import {
  type ChosenSettings,
  DEFAULT_METHOD,
  type MeantValue,
  type OptionalName,
  ROWS,
  type RunConfig,
  SETTINGS,
} from './settings.ts';

/** The chosen method, or the default one for an unknown name, which `checkConfig` refuses later. */
export const chosenDetector = ({ method, preset }: Pick<Partial<RunConfig>, 'method' | 'preset'>): Detector =>
  detectorIn({ method: DETECTOR_NAMES.find((name) => name === method) ?? DEFAULT_METHOD, preset });

/** Configuration of a new run. @param images number of training images, for methods whose length is in epochs. */
export function newConfig(chosen: ChosenSettings, images = 0): RunConfig {
  const config: Record<string, unknown> = {};
  const detector = chosenDetector(chosen);
  for (const [name, { usual, absent }] of ROWS) {
    // A row may read the rows above it.
    const run = config as unknown as Around;
    const values = [chosen[name], usual?.(detector, run, images), absent?.(detector, run)];
    config[name] = values.find((value) => value !== undefined);
  }
  return config as unknown as RunConfig;
}

/**
 * The run with all defaults filled in, as `config.json` holds it, so that it stays valid when a default changes.
 * Settings that the method does not have stay absent.
 */
export function resolvedConfig(config: RunConfig): RunConfig {
  // An unknown method from a file; `checkConfig` reports it.
  if (!DETECTOR_NAMES.includes(config.method)) return config;
  const detector = detectorIn(config);
  const left = ROWS.flatMap(([name, { absent }]) =>
    absent && config[name] === undefined ? [[name, absent(detector, config)]] : [],
  );
  return { ...config, ...(Object.fromEntries(left) as Partial<RunConfig>) };
}

/** Value of a setting that the configuration may leave out. */
export function settingOf<K extends OptionalName>(
  config: Pick<RunConfig, 'method' | 'preset' | K> & Partial<Pick<RunConfig, 'size' | 'tile'>>,
  name: K,
): MeantValue<K> {
  const said = config[name];
  const { absent }: Pick<Setting<unknown, unknown>, 'absent'> = SETTINGS[name];
  return (said === undefined ? absent?.(detectorIn(config), config) : said) as MeantValue<K>;
}

/** @throws ConfigError listing everything that is wrong. */
export function checkConfig(config: RunConfig): void {
  const known = Object.keys(SETTINGS);
  const unknown = Object.keys(config).filter((name) => !Object.hasOwn(SETTINGS, name));
  const detector = DETECTOR_NAMES.includes(config.method) ? detectorIn(config) : null;
  const wrong = [
    ...unknown.map((name) => `expects no ${withNearest(name, known)}`),
    ...ROWS.flatMap(([name, row]) =>
      wrongOf(row, config[name], config, detector).map((text) => `${name} ${text}`),
    ),
  ];
  if (wrong.length > 0) throw new ConfigError(wrong.join('; '));
}

/** @param detector null if the method is unknown. */
function wrongOf(
  { allowed, only, kind, check }: (typeof ROWS)[number][1],
  value: unknown,
  run: Around,
  detector: Detector | null,
): string[] {
  if (value !== undefined && only && detector && !only.has(detector)) {
    return [`is for ${only.which}, not for ${run.method}`];
  }
  const wrong = value === undefined && kind === 'optional' ? [] : allowed.wrong(value);
  const inRun = detector && check?.(value, run, detector);
  return inRun ? [...wrong, inRun] : wrong;
}

/** The run's image frame. */
export const frameIn = ({ size, resize, resample }: Frame): Frame => ({ size, resize, resample });

/** How the run cuts its images; one tile where it does not. */
export const gridIn = (
  config: Pick<RunConfig, 'method' | 'preset' | 'size' | 'tile' | 'tileOverlap'>,
): TileGrid => tileGrid(config.size, networkSide(config), settingOf(config, 'tileOverlap') ?? 0);

/** Side of what the run's networks see: of its tiles, or of whole images. */
export const networkSide = ({ size, tile = size }: Pick<RunConfig, 'size' | 'tile'>): number => tile;

/** The run's score rule. */
export const scoreRuleIn = ({ smoothing, calibration, scoreFraction }: ScoreRule): ScoreRule => ({
  smoothing,
  calibration,
  scoreFraction,
});

/** The model that a run's networks are built from. */
export function modelOf({
  encoder,
  activation,
  size,
  tile,
  memoryRows = 0,
  width = 0,
}: Pick<RunConfig, 'encoder' | 'activation' | 'size' | 'tile' | 'memoryRows' | 'width'>): Model {
  const found = encoder === 'none' ? null : pretrained(encoder);
  const decoded = found && activation !== undefined ? beforeDecoder(found, activation) : found;
  return { encoder: decoded, size: networkSide({ size, tile }), memoryRows, width };
}

/** The method's optimiser with the run's own `adamEps` and `amsgrad`. */
export function optimiserOf(
  config: Pick<RunConfig, 'method' | 'preset' | 'adamEps' | 'amsgrad'>,
): OptimiserConfig {
  const { optimiser } = detectorIn(config).defaults;
  if (optimiser.kind !== 'adamw') return optimiser;
  const { adamEps: eps = optimiser.eps, amsgrad = optimiser.amsgrad } = config;
  return { ...optimiser, eps, amsgrad };
}
