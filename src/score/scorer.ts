import type { Graph } from '../graph/graph.ts';
import {
  type Alignment,
  calibrates,
  headsOf,
  predictingAlignment,
  UNALIGNED,
} from '../methods/alignments/index.ts';
import { requireHalf } from '../plan/limits.ts';
import { runFiles } from '../run/folder.ts';
import { type ModelConfig, type RunLayouts, runLayouts } from '../run/networkLayouts.ts';
import type { RunConfig } from '../run/settings.ts';
import type { Executable } from '../runtime/executable.ts';
import { compileFitting } from '../runtime/fitBatch.ts';
import { type GpuRequest, openSession, type Session } from '../runtime/session.ts';
import { openTensors } from '../weights/tensorSource.ts';
import { type FamiliarRange, isUnfamiliar } from './familiarity.ts';
import { scorePlan } from './scorePlan.ts';

/** One image as a trained run sees it. */
export interface ScoredImage {
  readonly scores: ReadonlyMap<Alignment, number>;
  /** [size, size] each. */
  readonly maps: ReadonlyMap<Alignment, Float32Array>;
  /** (u, gamma) that each alignment uses. */
  readonly statistics: ReadonlyMap<Alignment, readonly [number, number]>;
  /** Mean of the map before calibration. */
  readonly u: number;
}

/** A trained run on a device. */
export interface Scorer {
  readonly adapter: string;
  readonly alignments: readonly Alignment[];
  readonly classes: readonly string[];
  /** Images per replay: the run's batch, or fewer if the adapter cannot hold it. */
  readonly batch: number;
  /** Whether an image is unlike those trained on; null where the run has no regressor. */
  unfamiliar(image: ScoredImage): boolean | null;
  /** Images [n, 3, size, size]; class indices are read by CaDA-A alone. */
  score(images: Float32Array, classes: readonly number[]): Promise<ScoredImage[]>;
  /** Median ms of one replay per image at `batch`, and the share of it that `alignment` adds. */
  latency(alignment: Alignment): Promise<{ msPerImage: number; alignShare: number }>;
  close(): void;
}

const LATENCY_ROUNDS = 5;

/** @param options.alignments default: none and all that the run was trained with. */
export async function openScorer(
  run: string,
  config: RunConfig,
  options: { gpu?: GpuRequest; alignments?: readonly Alignment[] } = {},
): Promise<Scorer> {
  const alignments = options.alignments ?? [...new Set([UNALIGNED, ...config.align])];
  const session = await openSession(options.gpu);
  try {
    if (config.precision === 'f16') requireHalf(session.gpu.facts, `scoring ${run} with --precision f16`);
    const { layouts, classes, table, familiar } = await loadRun(session, run, config, alignments);
    const graphAt = (each: number, wanted: readonly Alignment[]): Graph =>
      scorePlan({ ...config, batch: each }, layouts, wanted, classes.length);
    const { executable, batch } = await compileFitting(session, {
      label: `scoring with ${config.method}, ${config.encoder}, ${config.size} px`,
      batch: config.batch,
      least: 1,
      graphsAt: (each) => [graphAt(each, alignments)],
    });
    const compile = (label: string, wanted: readonly Alignment[]): Promise<Executable> =>
      session.compile(label, graphAt(batch, wanted));
    const { size } = config;
    const predicting = predictingAlignment(config.align);
    const replay = async (images: Float32Array, labels: readonly number[]): Promise<ScoredImage[]> => {
      const count = labels.length;
      const padded = new Float32Array(batch * 3 * size * size);
      padded.set(images);
      const indices = new Int32Array(batch);
      indices.set(labels.map((label) => Math.max(0, label)));
      executable.run({ images: padded, labels: indices, table });
      const out = await executable.read();
      const part = (name: string, i: number, width: number): Float32Array =>
        (out.get(name) as Float32Array).slice(i * width, (i + 1) * width);
      return Array.from({ length: count }, (_, i) => ({
        scores: new Map(alignments.map((each) => [each, out.get(`score.${each}`)![i]!])),
        maps: new Map(alignments.map((each) => [each, part(`map.${each}`, i, size * size)])),
        statistics: new Map(
          alignments
            .filter((each) => out.has(`statistics.${each}`))
            .map((each) => [each, [...part(`statistics.${each}`, i, 2)] as [number, number]]),
        ),
        u: out.get('u')![i]!,
      }));
    };
    return {
      adapter: session.gpu.adapter.name + (session.gpu.adapter.software ? ' (software)' : ''),
      alignments,
      classes,
      batch,
      unfamiliar({ statistics, u }) {
        const [predictedU, predictedGamma] = (predicting && statistics.get(predicting)) ?? [];
        if (familiar === null || predictedU === undefined || predictedGamma === undefined) return null;
        return isUnfamiliar(familiar, { predictedU, predictedGamma, u });
      },
      async score(images, labels) {
        const scored: ScoredImage[] = [];
        const each = 3 * size * size;
        for (let first = 0; first < labels.length; first += batch) {
          const some = images.subarray(first * each, (first + batch) * each);
          scored.push(...(await replay(some, labels.slice(first, first + batch))));
        }
        return scored;
      },
      async latency(alignment) {
        const inputs = {
          images: new Float32Array(batch * 3 * size * size),
          labels: new Int32Array(batch),
          table,
        };
        const plans = [
          await compile('score without alignment', [UNALIGNED]),
          await compile('score aligned', [alignment]),
        ];
        const times: number[][] = plans.map(() => []);
        for (let round = 0; round <= LATENCY_ROUNDS; round++) {
          for (const [i, plan] of plans.entries()) {
            const started = performance.now();
            plan.run(inputs);
            await plan.read([`score.${i === 0 ? UNALIGNED : alignment}`]);
            // The first round compiles on some drivers.
            if (round > 0) times[i]!.push(performance.now() - started);
          }
        }
        for (const plan of plans) plan.destroy();
        const [bare, aligned] = times.map(median) as [number, number];
        return {
          msPerImage: aligned / batch,
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
  run: string,
  config: ModelConfig & Pick<RunConfig, 'precision'>,
  alignments: readonly Alignment[],
): Promise<LoadedRun> {
  const { source } = await openTensors(runFiles(run).weights, ({ tensors }) => ({
    names: new Map([...tensors.keys()].map((name) => [name, name])),
  }));
  try {
    const classes = JSON.parse(source.metadata.get('classes') ?? '[]') as string[];
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
      familiar: familiar === undefined ? null : (JSON.parse(familiar) as FamiliarRange),
    };
  } finally {
    await source.close();
  }
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
