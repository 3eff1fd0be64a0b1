import { NotFiniteError } from '../errors.ts';
import {
  calibrates,
  HEAD_OF,
  type HeadName,
  headsOf,
  predictingAlignment,
} from '../methods/alignments/index.ts';
import { CADA_DEFAULTS } from '../methods/cada.ts';
import { refuseNonFinite } from '../nn/finiteTensors.ts';
import type { StateDict } from '../nn/init.ts';
import { requireHalf } from '../plan/limits.ts';
import {
  type Checkpoint,
  type CheckpointStage,
  type GoOn,
  lastCheckpoint,
  loadCheckpoint,
  restoreSlabs,
  resumable,
  saveCheckpoint,
} from '../run/checkpoint.ts';
import { networkSide, optimiserOf, resolvedConfig } from '../run/config.ts';
import { trainsInHalf } from '../run/detectorParts.ts';
import type { RunLog } from '../run/log.ts';
import { featureShape, type RunLayouts, runLayouts } from '../run/networkLayouts.ts';
import type { BegunRun, RunHashes, RunStore } from '../run/runStore.ts';
import type { RunConfig } from '../run/settings.ts';
import { checkBatch, compileBatch, type OtherPlans, targetOf } from '../runtime/fitBatch.ts';
import type { Session } from '../runtime/session.ts';
import { type FamiliarRange, familiarRange, type Impression, overTiles } from '../score/familiarity.ts';
import { wholePlan } from '../score/scorePlan.ts';
import { product } from '../shape.ts';
import { loadStart, type StartWeights } from '../weights/loadStart.ts';
import { batchPlans } from './batchPlans.ts';
import { checkpointStages, type TrainedStage } from './checkpointStages.ts';
import {
  type ClassTable,
  classTable,
  collectTargets,
  predictTargets,
  requireFiniteDetector,
  type Targets,
} from './collect.ts';
import {
  type DetectorInputs,
  detectorInputs,
  FEATURE_BUDGET,
  type FeatureBudget,
  keepsFeatures,
  type StoreOnDisk,
} from './detectorInputs.ts';
import { collectPlan, detectorStep, stepInputs } from './detectorPlans.ts';
import { type Estimate, estimateFrom, measureCosts } from './estimate.ts';
import { memoryStore } from './featureStore.ts';
import { headTraining } from './headTraining.ts';
import { type LoopOptions, type StepReport, trainLoop } from './loop.ts';
import { loadMemory, memoryParts, memoryRows } from './memory.ts';
import { startDetector } from './startDetector.ts';
import { stepImages } from './stepImages.ts';
import { imagesOf, type TrainingLoader, type TrainingTiles } from './trainingTiles.ts';

/** In this order; `features`, `memory` and `collect` are single passes over the training images. */
export type Stage = 'features' | 'memory' | 'collect' | TrainedStage;

/** How a run is trained, wherever that is. */
export interface TrainingOptions {
  readonly config: RunConfig;
  readonly resume?: boolean;
  readonly signal?: AbortSignal;
  /** What errors advise; default `resume`. */
  readonly goOn?: GoOn;
  /** Seconds between checkpoints; default 30. */
  readonly saveEvery?: number;
  /** Room for the frozen encoder's features; it changes how long training takes, not what comes out. */
  readonly features?: FeatureBudget;
  /** Told how long it will take, as measured before it begins; not called when resuming from a checkpoint. */
  readonly onEstimate?: (estimate: Estimate) => void;
  readonly onProgress?: (stage: Stage, report: StepReport) => void;
  readonly onNote?: (text: string) => void;
}

/** What a training reads and writes: files on Node, what a page was given and the browser's storage there. */
export interface TrainingWorld {
  readonly tiles: TrainingTiles;
  /** Images to train on, and to test on where that is known. */
  readonly images: { readonly train: number; readonly test: number };
  /** Images that anomalies are made of; none: procedural ones. */
  readonly textures: readonly string[];
  readonly start: StartWeights;
  readonly store: RunStore;
  /** Opened once the configuration is written. */
  log(): RunLog;
  /** Writes the configuration, or compares it with the one that is there. */
  begin(config: RunConfig): Promise<BegunRun>;
  /** In the configuration's frame; closed by the training. */
  loader(config: RunConfig): TrainingLoader;
  /** Room for features on disk; absent: memory only. */
  onDisk?(what: 'features' | 'targets'): StoreOnDisk;
}

/**
 * Trains the detector on the mixed normal images, then its alignment, and writes the run's weights.
 * @returns false where a signal stopped it; the checkpoint then holds what was done.
 */
export async function train(
  session: Session,
  world: TrainingWorld,
  options: TrainingOptions,
): Promise<boolean> {
  const { resume = false, goOn = 'resume' } = options;
  const { tiles, store } = world;
  const rows = memoryRows(options.config, tiles.train.length);
  const asked = resolvedConfig({
    ...options.config,
    adapter: session.gpu.adapter.name,
    ...(rows !== undefined && { memoryRows: rows }),
    ...(session.tuned?.hash ? { tuning: session.tuned.hash } : {}),
  });
  const layouts = runLayouts(asked, tiles.classes.length);
  if (asked.precision === 'f16') requireHalf(session.gpu.facts, 'training with --precision f16');
  // Before anything is written. Cached features change where the largest values are computed, not their sizes.
  checkBatch(targetOf(session), {
    label: `training ${asked.method}, ${asked.encoder}, ${networkSide(asked)} px`,
    batch: asked.batch,
    least: 2,
    graphsAt: (batch) =>
      asked.iterations > 0
        ? [detectorStep({ ...asked, batch }, layouts)]
        : [collectPlan({ ...asked, batch }, layouts)],
  });
  if (tiles.grid.count > 1) {
    checkBatch(targetOf(session), {
      label: `whole maps of ${asked.size} px`,
      batch: 1,
      least: 1,
      graphsAt: () => [wholePlan(asked)],
    });
  }
  await loadStart(session, layouts, asked, world.start);
  const { config, hashes } = await world.begin(asked);
  const stages = checkpointStages(config, layouts);
  const checkpoint = resume ? await loadCheckpoint(store, hashes.accepted, stages) : null;
  const loader = world.loader(config);
  const log = world.log();
  try {
    const others = batchPlans(session, config, layouts, tiles.train.length, options.features);
    const work = { world, session, layouts, stages, hashes, loader, log, others };
    if (options.onEstimate && !checkpoint) {
      const { features, signal } = options;
      const { textures } = world;
      const costs = await measureCosts({
        session,
        layouts,
        tiles,
        loader,
        textures,
        config,
        features,
        signal,
        others,
      });
      const keeps = keepsFeatures(config, tiles.train.length, features);
      const { software } = session.gpu.adapter;
      options.onEstimate(
        estimateFrom(costs, config, { ...world.images, keeps, tilesOfImage: tiles.grid.count }, software),
      );
      // Measured steps have changed what was loaded.
      await loadStart(session, layouts, config, world.start);
    }
    return await new Trainer({ ...options, config }, work).train(checkpoint);
  } catch (error) {
    // A pass over the images was stopped: the last checkpoint already holds everything.
    if (options.signal?.aborted && error === options.signal.reason) return false;
    throw await resumable(store, goOn, error);
  } finally {
    await log.settled();
    await loader.close();
  }
}

/** Everything that the stages of a run share. */
interface Work {
  readonly world: TrainingWorld;
  readonly session: Session;
  readonly layouts: RunLayouts;
  readonly stages: ReadonlyMap<TrainedStage, CheckpointStage>;
  readonly hashes: RunHashes;
  readonly loader: TrainingLoader;
  readonly log: RunLog;
  /** All that is compiled for the batch. */
  readonly others: OtherPlans;
}

/** The stages of one run in order; each can be the one a checkpoint resumes in. */
class Trainer {
  readonly #options: TrainingOptions;
  readonly #world: TrainingWorld;
  readonly #tiles: TrainingTiles;
  readonly #session: Session;
  readonly #layouts: RunLayouts;
  readonly #stages: ReadonlyMap<TrainedStage, CheckpointStage>;
  readonly #hashes: RunHashes;
  readonly #loader: TrainingLoader;
  readonly #log: RunLog;
  readonly #others: OtherPlans;

  constructor(
    options: TrainingOptions,
    { world, session, layouts, stages, hashes, loader, log, others }: Work,
  ) {
    this.#options = options;
    this.#world = world;
    this.#tiles = world.tiles;
    this.#session = session;
    this.#layouts = layouts;
    this.#stages = stages;
    this.#hashes = hashes;
    this.#loader = loader;
    this.#log = log;
    this.#others = others;
  }

  async train(checkpoint: Checkpoint | null): Promise<boolean> {
    const { config } = this.#options;
    const heads = headsOf(config.align);
    const from = checkpoint ? [...this.#stages.keys()].indexOf(checkpoint.stage as TrainedStage) : 0;
    let familiar: FamiliarRange | null = null;
    let targets: Targets | undefined;
    let table: ClassTable = { classes: [], values: new Float32Array(0) };
    const inputs = await this.#inputs();
    try {
      // Before the checkpoint is restored: if the memory's file is lost, it is computed again from the untrained parts.
      if (!(await this.#memory(inputs))) return false;
      if (checkpoint) restoreSlabs(this.#session, checkpoint);
      if (from === 0 && !(await this.#detector(inputs, checkpoint?.step ?? 0))) return false;
      if (config.align.some(calibrates)) {
        targets = await this.#collect(inputs);
        // The heads train on the collected targets; the cached features are no longer needed.
        if (config.alignBase !== 'training') await inputs.close();
        table = classTable(this.#tiles, targets, config.classTable);
        for (const [i, which] of heads.entries()) {
          const stage = i + 1;
          if (stage < from) continue;
          const start = stage === from && checkpoint ? checkpoint.step : 0;
          if (!(await this.#head(which, { targets, inputs }, start))) return false;
        }
        const predicting = predictingAlignment(config.align);
        const head = predicting && HEAD_OF[predicting];
        if (head) {
          const seen = await predictTargets(this.#session, config, this.#layouts, head, targets);
          familiar = familiarRange(ofImages(seen, this.#tiles.grid.count));
        }
      } else if (config.iterations > 0) {
        await this.#requireFinite(inputs);
      }
    } finally {
      await inputs.close();
      await targets?.features.close();
    }
    await this.#finish(heads, table, familiar);
    return true;
  }

  #inputs(): Promise<DetectorInputs> {
    const { config, features, signal, onProgress, onNote } = this.#options;
    const images = imagesOf(this.#tiles, this.#loader);
    return detectorInputs(this.#session, config, this.#layouts, images, {
      budget: features,
      onDisk: this.#world.onDisk?.('features'),
      onBatch: (step, of) => onProgress?.('features', { step, of }),
      signal,
      others: this.#others,
      onNote: (text) => {
        onNote?.(text);
        this.#log.write({ stage: 'features', note: text });
      },
    });
  }

  async #memory(inputs: DetectorInputs): Promise<boolean> {
    const { config, resume, signal, saveEvery, onProgress } = this.#options;
    if (memoryParts(this.#layouts).length === 0) return true;
    return await loadMemory(this.#session, config, this.#layouts, {
      inputs,
      images: this.#tiles.train.length,
      store: this.#world.store,
      resume: resume ?? false,
      hashes: this.#hashes.accepted,
      signal,
      saveEvery,
      onBatch: (step, of) => onProgress?.('memory', { step, of }),
      others: this.#others,
    });
  }

  async #detector(inputs: DetectorInputs, start: number): Promise<boolean> {
    const { config } = this.#options;
    if (config.iterations === 0) return true;
    const optimiser = optimiserOf(config);
    if (start === 0) startDetector(this.#session, config, this.#layouts, optimiser);
    const executable = await compileBatch(this.#session, {
      label: 'training step',
      batch: config.batch,
      least: 2,
      graphsAt: (batch) => [detectorStep({ ...config, batch }, this.#layouts, optimiser, inputs.source)],
      // Moments and features are held by now.
      others: { ...this.#others, bytes: 0 },
    });
    const sources = { loader: this.#loader, textures: this.#world.textures };
    const imagesAt = stepImages(config, this.#tiles, sources, inputs);
    const done = await this.#loop('detector', {
      executable,
      start,
      inputsAt: async (step) => ({
        ...(await imagesAt(step)),
        ...stepInputs(config, optimiser, step),
      }),
    });
    executable.destroy();
    return done === config.iterations;
  }

  async #collect(inputs: DetectorInputs): Promise<Targets> {
    const { config, features: budget } = this.#options;
    const images = this.#tiles.train.length;
    const widths = [product(featureShape(config))];
    const fits = 4 * images * widths[0]! <= { ...FEATURE_BUDGET, ...budget }.memory;
    const onDisk = fits ? undefined : this.#world.onDisk?.('targets');
    const features = onDisk ? await onDisk(widths, images) : memoryStore(widths, images);
    try {
      return await collectTargets(this.#pass(inputs), { features, ...this.#watched() });
    } catch (error) {
      await features.close();
      throw error;
    }
  }

  /** Without an alignment nothing else runs the trained detector before it is called trained. */
  #requireFinite(inputs: DetectorInputs): Promise<void> {
    return requireFiniteDetector(this.#pass(inputs), this.#watched());
  }

  #pass(inputs: DetectorInputs) {
    const { config } = this.#options;
    return {
      session: this.#session,
      config,
      layouts: this.#layouts,
      inputs,
      images: this.#tiles.train.length,
    };
  }

  #watched() {
    const { signal, onProgress } = this.#options;
    return { signal, onBatch: (step: number, of: number) => onProgress?.('collect', { step, of }) };
  }

  async #head(
    which: HeadName,
    sources: { targets: Targets; inputs: DetectorInputs },
    start: number,
  ): Promise<boolean> {
    const { config } = this.#options;
    const { optimiser } = CADA_DEFAULTS;
    const layout = this.#layouts.heads[which];
    if (start === 0) this.#session.startOptimiser(layout, optimiser);
    const { graph, inputsAt } = headTraining(config, this.#layouts, this.#tiles, which, sources);
    const executable = await this.#session.compile(`${which} step`, graph);
    const done = await this.#loop(which, { executable, start, inputsAt });
    executable.destroy();
    return done === config.alignIterations;
  }

  /** The steps of one stage, watched and saved. @returns how many are done. */
  async #loop(
    stage: TrainedStage,
    steps: Pick<LoopOptions, 'executable' | 'start' | 'inputsAt'>,
  ): Promise<number> {
    const { goOn = 'resume', signal, saveEvery, onProgress } = this.#options;
    const { store } = this.#world;
    const { iterations, slabs } = this.#stages.get(stage)!;
    try {
      return await trainLoop({
        gpu: this.#session.gpu,
        ...steps,
        iterations,
        signal,
        saveEvery,
        onReport: (report) => {
          onProgress?.(stage, report);
          const { step, loss, lossScale } = report;
          this.#log.write({ stage, step, loss, ...(lossScale !== undefined && { lossScale }) });
        },
        save: async (step) => {
          // A resume does not repeat the steps before the checkpoint: their lines must be in the log.
          await this.#log.settled();
          await saveCheckpoint(
            store,
            this.#session,
            stage,
            step,
            [...slabs.keys()],
            this.#hashes.accepted[0]!,
          );
        },
      });
    } catch (error) {
      if (!(error instanceof NotFiniteError)) throw error;
      const half = stage === 'detector' && trainsInHalf(this.#options.config);
      const smaller = `a smaller ${stage === 'detector' ? '--lr' : '--align-lr'}${half ? ', or --precision f32,' : ''}`;
      throw new NotFiniteError(`${stage}: ${error.message}`, {
        where: error.where,
        fix:
          goOn === 'resume'
            ? `use ${smaller} and another --out, as this run keeps its own; ${await lastCheckpoint(store)}`
            : goOn === 'page'
              ? 'train again with a lower learning rate'
              : `train with wgad train and ${smaller}`,
        cause: error,
      });
    }
  }

  async #finish(
    heads: readonly HeadName[],
    table: ClassTable,
    familiar: FamiliarRange | null,
  ): Promise<void> {
    const { config } = this.#options;
    const { store } = this.#world;
    const all: StateDict = new Map();
    for (const layout of [...this.#layouts.parts, ...heads.map((head) => this.#layouts.heads[head])]) {
      for (const [name, tensor] of await this.#session.save(layout)) all.set(name, tensor);
    }
    if (table.classes.length > 0) {
      refuseNonFinite('class statistics', 'table', table.values);
      all.set('table', { shape: [table.classes.length, 2], data: table.values });
    }
    await store.write('weights', all, {
      format: 'wgad weights 1',
      method: config.method,
      encoder: config.encoder,
      ...(config.activation === undefined ? {} : { activation: config.activation }),
      seed: String(config.seed),
      configHash: this.#hashes.accepted[0]!,
      placelessHash: this.#hashes.placeless,
      classes: JSON.stringify(this.#tiles.classes),
      ...(familiar && { familiar: JSON.stringify(familiar) }),
    });
    await store.remove('memory');
  }
}

/** Whole images' impressions, from those of their tiles, image by image. */
const ofImages = (tiles: readonly Impression[], count: number): Impression[] =>
  Array.from({ length: tiles.length / count }, (_, i) => overTiles(tiles.slice(i * count, (i + 1) * count)));
