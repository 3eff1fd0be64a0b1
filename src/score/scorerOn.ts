import { normalize } from '../data/normalize.ts';
import { cutTile, type TileGrid } from '../data/tiles.ts';
import { DatasetError, shown } from '../errors.ts';
import { fields, listOf, number, readExpected, text } from '../formats/expectation.ts';
import type { Graph } from '../graph/graph.ts';
import {
  type Alignment,
  calibrates,
  headsOf,
  predictingAlignment,
  UNALIGNED,
} from '../methods/alignments/index.ts';
import { floorActs } from '../methods/cada.ts';
import { requireHalf } from '../plan/limits.ts';
import { gridIn, scoreRuleIn } from '../run/config.ts';
import { type ModelConfig, type RunLayouts, runLayouts } from '../run/networkLayouts.ts';
import type { RunConfig } from '../run/settings.ts';
import type { Executable } from '../runtime/executable.ts';
import { compileFitting } from '../runtime/fitBatch.ts';
import { adapterName } from '../runtime/gpu.ts';
import type { Session } from '../runtime/session.ts';
import { range } from '../shape.ts';
import type { TensorSource } from '../weights/tensorSource.ts';
import { blendTiles } from './blend.ts';
import { type FamiliarRange, isUnfamiliar } from './familiarity.ts';
import { medianMs } from './medianMs.ts';
import type { ScoredImage } from './scoredImage.ts';
import { scorePlan, tiledRules } from './scorePlan.ts';
import { openWholeMaps } from './wholeMaps.ts';

/** A trained run on a device. */
export interface Scorer {
  readonly adapter: string;
  readonly alignments: readonly Alignment[];
  /** Images, or tiles, per replay: about the run's batch, or fewer if the adapter cannot hold it. */
  readonly batch: number;
  /** How images are cut; one tile where they are not. */
  readonly grid: TileGrid;
  /** Bytes of buffers on the device now. */
  readonly deviceBytes: number;
  /** Images to give `score` at once. */
  readonly atOnce: number;
  /** Whether an image is unlike those trained on; null where the run has no regressor. */
  unfamiliar(image: ScoredImage): boolean | null;
  /**
   * The numbers of classes, for `score`: 0 for one that the run does not know, where nothing reads them.
   * @throws DatasetError naming all unknown ones where CaDA-A would read them.
   */
  labelsOf(classNames: readonly string[]): number[];
  /** Images as 8-bit planes [3, size, size]; class indices are read by CaDA-A alone. */
  score(images: readonly Uint8Array[], classes: readonly number[]): Promise<ScoredImage[]>;
  /** Median ms of the device per image, with all of its tiles, and the share of it that `alignment` adds. */
  latency(alignment: Alignment): Promise<{ msPerImage: number; alignShare: number }>;
  close(): void;
}

/** None, and all that the run was trained with. */
export const alignmentsOf = ({ align }: Pick<RunConfig, 'align'>): readonly Alignment[] => [
  ...new Set([UNALIGNED, ...align]),
];

/**
 * A scorer of the weights in `source`. It owns the session: closing it closes that, and so does an error.
 * @param alignments default: `alignmentsOf` the run.
 */
export async function scorerOn(
  session: Session,
  source: TensorSource,
  config: RunConfig,
  alignments: readonly Alignment[] = alignmentsOf(config),
): Promise<Scorer> {
  try {
    const { path: run } = source;
    if (config.precision === 'f16') requireHalf(session.gpu.facts, `scoring ${run} with --precision f16`);
    const { layouts, classes, table, familiar } = await loadRun(session, source, config, alignments);
    const grid = gridIn(config);
    const tiled = grid.count > 1;
    const { images: atOnce, tiles: asked } = shareOut(config.batch, grid.count);
    const judged = tiled ? { ...config, ...tiledRules(scoreRuleIn(config)).tile } : config;
    const graphAt = (each: number, wanted: readonly Alignment[]): Graph =>
      scorePlan({ ...judged, batch: each }, layouts, wanted, classes.length);
    const side = grid.tile;
    const { executable, batch } = await compileFitting(session, {
      label: `scoring with ${config.method}, ${config.encoder}, ${side} px`,
      batch: asked,
      least: 1,
      graphsAt: (each) => [graphAt(each, alignments)],
    });
    const whole = tiled ? await openWholeMaps(session, config) : null;
    const compile = (label: string, wanted: readonly Alignment[]): Promise<Executable> =>
      session.compile(label, graphAt(batch, wanted));
    const predicting = predictingAlignment(config.align);
    const tileLength = 3 * side * side;
    const replay = async (
      tiles: readonly Uint8Array[],
      labels: readonly number[],
    ): Promise<ScoredImage[]> => {
      const padded = new Float32Array(batch * tileLength);
      for (const [i, tile] of tiles.entries()) normalize(tile, padded, i * tileLength);
      const indices = new Int32Array(batch);
      indices.set(labels);
      executable.run({ images: padded, labels: indices, table });
      const out = await executable.read();
      const part = (name: string, i: number, width: number): Float32Array =>
        (out.get(name) as Float32Array).slice(i * width, (i + 1) * width);
      return tiles.map((_, i) => {
        const statistics = new Map(
          alignments
            .filter((each) => out.has(`statistics.${each}`))
            .map((each) => [each, [...part(`statistics.${each}`, i, 2)] as [number, number]]),
        );
        return {
          scores: new Map(alignments.map((each) => [each, out.get(`score.${each}`)![i]!])),
          maps: new Map(alignments.map((each) => [each, part(`map.${each}`, i, side * side)])),
          statistics,
          floored: new Set(
            [...statistics].flatMap(([each, [u, gamma]]) => (floorActs(u, gamma) ? [each] : [])),
          ),
          u: out.get('u')![i]!,
        };
      });
    };
    return {
      adapter: adapterName(session.gpu),
      alignments,
      batch,
      grid,
      atOnce,
      get deviceBytes() {
        return session.gpu.buffers.counters.live;
      },
      unfamiliar({ statistics, u }) {
        const [predictedU, predictedGamma] = (predicting && statistics.get(predicting)) ?? [];
        if (familiar === null || predictedU === undefined || predictedGamma === undefined) return null;
        return isUnfamiliar(familiar, { predictedU, predictedGamma, u });
      },
      labelsOf(classNames) {
        const unknown = [...new Set(classNames)].filter((name) => !classes.includes(name));
        if (unknown.length > 0 && executable.inputs.has('labels')) {
          const [others, own] = [unknown, classes].map((names) =>
            names.map((name) => shown(name)).join(', '),
          );
          throw new DatasetError(
            `${run}: has no statistics of class ${others}, by which --align ${alignments.join(' ')} judges its images; it was trained on ${own}`,
            { fix: 'give images of these classes alone, or train with --align cada, which predicts them' },
          );
        }
        return classNames.map((name) => Math.max(0, classes.indexOf(name)));
      },
      async score(images, labels) {
        const scored: ScoredImage[] = [];
        const { count } = grid;
        let blend = blendTiles(grid);
        for (let first = 0; first < images.length * count; first += batch) {
          const tiles = range(Math.min(batch, images.length * count - first)).map((i) => first + i);
          const imageOf = (tile: number): number => Math.floor(tile / count);
          const found = await replay(
            tiles.map((tile) => cutTile(images[imageOf(tile)]!, grid, tile % count)),
            tiles.map((tile) => labels[imageOf(tile)]!),
          );
          if (!whole) {
            scored.push(...found);
            continue;
          }
          for (const [i, tile] of tiles.entries()) {
            blend.add(found[i]!, tile % count);
            if ((tile + 1) % count > 0) continue;
            scored.push(await whole.finish(blend.finish()));
            blend = blendTiles(grid);
          }
        }
        return scored;
      },
      async latency(alignment) {
        const inputs = {
          images: new Float32Array(batch * tileLength),
          labels: new Int32Array(batch),
          table,
        };
        const plans = [
          await compile('score without alignment', [UNALIGNED]),
          await compile('score aligned', [alignment]),
        ];
        const times = await medianMs(
          plans.map((plan, i) => async () => {
            plan.run(inputs);
            await plan.read([`score.${i === 0 ? UNALIGNED : alignment}`]);
          }),
        );
        for (const plan of plans) plan.destroy();
        const last = whole ? await whole.latency() : 0;
        const [bare, aligned] = times.map((ms) => (ms * grid.count) / batch + last) as [number, number];
        return {
          msPerImage: aligned,
          alignShare: calibrates(alignment) ? Math.max(0, 1 - bare / aligned) : 0,
        };
      },
      close: () => session.close(),
    };
  } catch (error) {
    session.close();
    throw error;
  }
}

/**
 * How many images are scored at once, and how many tiles a replay takes, near `batch`: rounds are equally full, so that
 * little is computed for nothing.
 */
export function shareOut(batch: number, tilesOfImage: number): { images: number; tiles: number } {
  const images = Math.max(1, Math.floor(batch / tilesOfImage));
  const rounds = Math.ceil((images * tilesOfImage) / batch);
  return { images, tiles: Math.ceil((images * tilesOfImage) / rounds) };
}

interface LoadedRun {
  readonly layouts: RunLayouts;
  readonly classes: readonly string[];
  /** Mean and maximum of each class's maps [k, 2]. */
  readonly table: Float32Array;
  readonly familiar: FamiliarRange | null;
}

/** A run's weights on the device, as far as `alignments` need them. */
async function loadRun(
  session: Session,
  source: TensorSource,
  config: ModelConfig & Pick<RunConfig, 'precision'>,
  alignments: readonly Alignment[],
): Promise<LoadedRun> {
  const fix = 'it was edited: put the original back, or train again';
  const json = source.metadata.get('classes') ?? '[]';
  const classes = readExpected<string[]>(source.path, json, listOf(text), { at: 'classes', fix });
  const layouts = runLayouts(config, classes.length, config.precision);
  for (const part of layouts.parts) await session.loadFrom(part, source);
  for (const name of headsOf(alignments)) await session.loadFrom(layouts.heads[name], source);
  const table = source.tensors.has('table')
    ? await source.read('table')
    : new Float32Array(2 * classes.length);
  const familiar = source.metadata.get('familiar');
  return {
    layouts,
    classes,
    table,
    familiar:
      familiar === undefined
        ? null
        : readExpected<FamiliarRange>(source.path, familiar, FAMILIAR, { at: 'familiar', fix }),
  };
}

const RANGE = listOf(number);
const FAMILIAR = fields({ u: RANGE, gamma: RANGE, gap: RANGE, images: number });
