import { join } from 'node:path';
import { chooseContaminants } from '../data/index.ts';
import { ALIGNMENTS, type Alignment, calibrates } from '../methods/alignments/index.ts';
import { DETECTORS, type DetectorName } from '../methods/detectors.ts';
import { HEAD_DEFAULTS } from '../models/regressor.ts';
import { newConfig } from '../run/config.ts';
import { runFiles } from '../run/folder.ts';
import type { RunConfig } from '../run/settings.ts';
import type { FoundSets } from './sets.ts';
import { type Entry, SET_NAMES, type SetName, TABLES } from './tables.ts';

/** A pre-trained network; weights are a path, or `embedded`. */
export type EncoderChoice = Pick<RunConfig, 'encoder' | 'weights' | 'weightsSha256'>;

/** What all runs of a reproduction share; what is absent is the method's default. */
export interface Settings extends EncoderChoice {
  readonly version: string;
  /**
   * Encoder of methods that use EfficientNet-B4 (UniAD), if it differs from the others'; null if its weights are
   * missing.
   */
  readonly efficientnet?: EncoderChoice | null;
  readonly seeds: readonly number[];
  readonly size?: number;
  readonly batch?: number;
  readonly iterations?: number;
  /** Width of networks that have one. */
  readonly width?: number;
  readonly alignIterations?: number;
  /** Fraction of anomalous test images that is mixed into the training images of the noisy data set; 0: as it is. */
  readonly noise: number;
}

/** One training. */
export interface Job {
  readonly folder: string;
  readonly config: RunConfig;
  /** Whose detector it takes over: only the alignment is trained then. */
  readonly from?: Job;
}

/** One test of what a job trained. */
export interface Cell {
  readonly job: Job;
  /** Null: the method's own score. */
  readonly scoreFraction: number | null;
  /** Where its results.json lies. */
  readonly folder: string;
}

export interface Planned {
  readonly entry: Entry;
  /** One per seed; empty where it cannot be measured. */
  readonly cells: readonly Cell[];
  readonly reason?: string;
}

const NOISY: SetName = 'BTAD';

/** Every alignment that any table asks of a method: one run of it serves all tables. */
const alignmentsOf = (method: DetectorName): Alignment[] => {
  const asked = Object.values(TABLES).flatMap(({ entries }) =>
    entries.filter((each) => each.method === method),
  );
  return ALIGNMENTS.filter((name) => calibrates(name) && asked.some(({ alignment }) => alignment === name));
};

/**
 * Which runs and tests fill `entries`: one training per data set, method and seed, one of the alignment alone for each
 * other head, one test more for each other score; none twice.
 * @param out folder of the reproduction; its runs lie in `cells`.
 */
export function planCells(
  entries: readonly Entry[],
  sets: FoundSets,
  settings: Settings,
  out: string,
): Planned[] {
  const jobs = new Map<string, Job>();
  const cells = new Map<string, Cell>();
  const once = <T>(known: Map<string, T>, key: string, make: () => T): T => {
    const value = known.get(key) ?? make();
    known.set(key, value);
    return value;
  };
  const mainJob = (set: SetName, method: DetectorName, seed: number): Job => {
    const folder = join(out, 'cells', `${set.toLowerCase().replaceAll(' ', '-')}-${method}-seed${seed}`);
    return once(jobs, folder, () => ({ folder, config: configOf(set, method, seed, sets, settings) }));
  };
  const jobOf = (entry: Entry, method: DetectorName, seed: number): Job => {
    const main = mainJob(entry.set, method, seed);
    const { structure = HEAD_DEFAULTS.structure, dropout = HEAD_DEFAULTS.dropout } = entry;
    if (structure === HEAD_DEFAULTS.structure && dropout === HEAD_DEFAULTS.dropout) return main;
    const folder = `${main.folder}-${structure}-dropout${dropout}`;
    const head = { align: ['cada'] as const, alignHead: structure, alignDropout: dropout };
    const start = { detector: runFiles(main.folder).weights, iterations: 0 };
    return once(jobs, folder, () => ({ folder, config: { ...main.config, ...head, ...start }, from: main }));
  };
  return entries.map((entry) => {
    const { method, set } = entry;
    if (!sets.has(set)) return { entry, cells: [], reason: `${set} is not in --data` };
    if (!encoderFor(method, settings)) {
      return { entry, cells: [], reason: 'no weights: wgad weights fetch efficientnet_b4' };
    }
    const { scoreFraction = DETECTORS[method].defaults.scoreFraction } = entry;
    return {
      entry,
      cells: settings.seeds.map((seed) => {
        const job = jobOf(entry, method, seed);
        const usual = scoreFraction === job.config.scoreFraction;
        const folder = usual ? job.folder : join(job.folder, `score-${scoreFraction}`);
        return once(cells, folder, () => ({ job, scoreFraction, folder }));
      }),
    };
  });
}

/** The encoder of a method's runs; null if its weights are missing. */
function encoderFor(method: DetectorName, settings: Settings): EncoderChoice | null {
  const { taps, ownEncoder } = DETECTORS[method];
  if (taps === undefined) return { encoder: 'none', weights: 'none' };
  if (ownEncoder !== undefined && settings.efficientnet !== undefined) return settings.efficientnet;
  return settings;
}

function configOf(
  set: SetName,
  method: DetectorName,
  seed: number,
  sets: FoundSets,
  settings: Settings,
): RunConfig {
  const { version, size, batch, alignIterations, noise } = settings;
  const { defaults } = DETECTORS[method];
  const { encoder, weights, weightsSha256 } = encoderFor(method, settings) ?? settings;
  const dataset = sets.get(set)!;
  const chosen = {
    version,
    method,
    encoder,
    weights,
    weightsSha256,
    align: alignmentsOf(method),
    size,
    batch,
    // Steps only for methods that are trained by steps, a width only for those that have one.
    iterations: defaults.iterations === 0 ? 0 : settings.iterations,
    width: defaults.width === undefined ? undefined : settings.width,
    alignIterations,
    seed,
    data: dataset.root,
    dataSha256: dataset.dataSha256,
    layout: dataset.layout,
    contaminate:
      set === NOISY && noise > 0
        ? { fraction: noise, images: chooseContaminants(dataset, noise, seed) }
        : undefined,
    adapter: '',
  };
  return newConfig(chosen, dataset.train.length);
}

/** The data sets that entries are measured on. */
export const setsOf = (entries: readonly Entry[]): SetName[] =>
  SET_NAMES.filter((name) => entries.some(({ set }) => set === name));
