import { rm } from 'node:fs/promises';
import { ImageLoader } from '../data/index.ts';
import { DatasetError, NotFiniteError } from '../errors.ts';
import { writeSafetensors } from '../formats/writeSafetensors.ts';
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
import { textureFiles } from '../run/anomalyImages.ts';
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
import { checkConfig, frameIn, gridIn, networkSide, optimiserOf, resolvedConfig } from '../run/config.ts';
import { configHash, hashesOf, placelessHash } from '../run/configHash.ts';
import { datasetOf } from '../run/dataset.ts';
import { requireRunPlace, runFiles, startRun } from '../run/folder.ts';
import { type RunLog, runLog } from '../run/log.ts';
import { featureShape, type RunLayouts, runLayouts, trainedParts } from '../run/networkLayouts.ts';
import type { RunConfig } from '../run/settings.ts';
import { checkBatch, compileBatch, targetOf } from '../runtime/fitBatch.ts';
import { type GpuRequest, openSession, type Session } from '../runtime/session.ts';
import { type FamiliarRange, familiarRange, type Impression, overTiles } from '../score/familiarity.ts';
import { wholePlan } from '../score/scorePlan.ts';
import { product } from '../shape.ts';
import { loadStart } from '../weights/start.ts';
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
} from './detectorInputs.ts';
import { collectPlan, detectorStep, stepInputs } from './detectorPlans.ts';
import { type Estimate, estimateFrom, measureCosts } from './estimate.ts';
import { featureFile, fileStore, memoryStore, targetFile } from './featureStore.ts';
import { headTraining } from './headTraining.ts';
import { type LoopOptions, type StepReport, trainLoop } from './loop.ts';
import { loadMemory, memoryParts, memoryRows } from './memory.ts';
import { stepImages } from './stepImages.ts';
import { imagesOf, type TrainingTiles, trainingTiles } from './trainingTiles.ts';

/** In this order; `features`, `memory` and `collect` are single passes over the training images. */
export type Stage = 'features' | 'memory' | 'collect' | TrainedStage;

export interface TrainOptions {
  readonly run: string;
  readonly config: RunConfig;
  readonly resume?: boolean;
  readonly gpu?: GpuRequest;
  readonly signal?: AbortSignal;
  /** What errors advise; default `resume`. */
  readonly goOn?: GoOn;
  /** Seconds between checkpoints; default 30. */
  readonly saveEvery?: number;
  /** Room for the frozen encoder's features; it changes how long training takes, not what comes out. */
  readonly features?: FeatureBudget;
  /** Told how long it will take, which is measured before it begins; not where it goes on from a checkpoint. */
  readonly onEstimate?: (estimate: Estimate) => void;
  readonly onProgress?: (stage: Stage, report: StepReport) => void;
  readonly onNote?: (text: string) => void;
  /** Told of what is odd about the data set, a line for each kind. */
  readonly onWarning?: (text: string) => void;
}

/**
 * Trains the detector on the mixed normal images, then its alignment, and writes `weights.safetensors`.
 * @returns false where a signal stopped it; the checkpoint then holds what was done.
 */
export async function trainRun(options: TrainOptions): Promise<boolean> {
  const { run, resume = false, goOn = 'resume' } = options;
  // Warnings on a class's images were already given for the whole data set.
  const { classes } = options.config;
  const dataset = await datasetOf(options.config, undefined, classes ? undefined : options.onWarning);
  if (!classes) for (const note of dataset.notes ?? []) options.onNote?.(note);
  if (dataset.train.length === 0) throw new DatasetError(`${dataset.root}: has no training image`);
  checkConfig(options.config);
  // Fail on a bad folder before hours are spent or anything is written.
  await requireRunPlace(run);
  await textureFiles(options.config);
  const tiles = trainingTiles(dataset, gridIn(options.config));
  const session = await openSession(options.gpu);
  try {
    const rows = memoryRows(options.config, tiles.train.length);
    const asked = resolvedConfig({
      ...options.config,
      adapter: session.gpu.adapter.name,
      ...(rows !== undefined && { memoryRows: rows }),
      ...(session.tuned?.hash ? { tuning: session.tuned.hash } : {}),
    });
    const layouts = runLayouts(asked, dataset.classes.length);
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
    await loadStart(session, layouts, asked);
    const config = await startRun(run, asked, resume);
    const stages = checkpointStages(config, layouts);
    const checkpoint = resume ? await loadCheckpoint(run, hashesOf(config), stages) : null;
    // Images that are being decoded may take seconds: who stops does not wait for them.
    const loader = new ImageLoader({ ...frameIn(config), signal: options.signal });
    const log = runLog(run, (text) => options.onNote?.(text));
    try {
      const work = { tiles, session, layouts, stages, loader, log };
      if (options.onEstimate && !checkpoint) {
        const { features, signal } = options;
        const costs = await measureCosts({ ...work, config, features, signal });
        const keeps = keepsFeatures(config, tiles.train.length, features);
        const counts = { train: dataset.train.length, test: dataset.test.length, keeps };
        const { software } = session.gpu.adapter;
        options.onEstimate(
          estimateFrom(costs, config, { ...counts, tilesOfImage: tiles.grid.count }, software),
        );
        // Measured steps have changed what was loaded.
        await loadStart(session, layouts, config);
      }
      return await new Trainer({ ...options, config }, work).train(checkpoint);
    } catch (error) {
      // A pass over the images was stopped: the last checkpoint already holds everything.
      if (options.signal?.aborted && error === options.signal.reason) return false;
      throw await resumable(run, goOn, error);
    } finally {
      await log.settled();
      await loader.close();
    }
  } finally {
    session.close();
  }
}

/** Everything that the stages of a run share. */
interface Work {
  readonly tiles: TrainingTiles;
  readonly session: Session;
  readonly layouts: RunLayouts;
  readonly stages: ReadonlyMap<TrainedStage, CheckpointStage>;
  readonly loader: ImageLoader;
  readonly log: RunLog;
}

/** The stages of one run in order; each can be the one a checkpoint resumes in. */
class Trainer {
  readonly #options: TrainOptions;
  readonly #tiles: TrainingTiles;
  readonly #session: Session;
  readonly #layouts: RunLayouts;
  readonly #stages: ReadonlyMap<TrainedStage, CheckpointStage>;
  readonly #loader: ImageLoader;
  readonly #log: RunLog;

  constructor(options: TrainOptions, { tiles, session, layouts, stages, loader, log }: Work) {
    this.#options = options;
    this.#tiles = tiles;
    this.#session = session;
    this.#layouts = layouts;
    this.#stages = stages;
    this.#loader = loader;
    this.#log = log;
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
    const { run, config, features, signal, onProgress, onNote } = this.#options;
    const images = imagesOf(this.#tiles, this.#loader);
    return detectorInputs(this.#session, config, this.#layouts, images, {
      budget: features,
      file: featureFile(run),
      onBatch: (step, of) => onProgress?.('features', { step, of }),
      signal,
      onNote: (text) => {
        onNote?.(text);
        this.#log.write({ stage: 'features', note: text });
      },
    });
  }

  async #memory(inputs: DetectorInputs): Promise<boolean> {
    const { run, config, resume, signal, saveEvery, onProgress } = this.#options;
    if (memoryParts(this.#layouts).length === 0) return true;
    return await loadMemory(this.#session, config, this.#layouts, {
      inputs,
      images: this.#tiles.train.length,
      run,
      resume: resume ?? false,
      hashes: hashesOf(config),
      signal,
      saveEvery,
      onBatch: (step, of) => onProgress?.('memory', { step, of }),
    });
  }

  async #detector(inputs: DetectorInputs, start: number): Promise<boolean> {
    const { config } = this.#options;
    if (config.iterations === 0) return true;
    const optimiser = optimiserOf(config);
    const trained = trainedParts(this.#layouts);
    if (start === 0) for (const part of trained) this.#session.startOptimiser(part, optimiser);
    const executable = await compileBatch(this.#session, {
      label: 'training step',
      batch: config.batch,
      least: 2,
      graphsAt: (batch) => [detectorStep({ ...config, batch }, this.#layouts, optimiser, inputs.source)],
    });
    const imagesAt = await stepImages(config, this.#tiles, this.#loader, inputs);
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
    const { run, config, features: budget } = this.#options;
    const images = this.#tiles.train.length;
    const widths = [product(featureShape(config))];
    const fits = 4 * images * widths[0]! <= { ...FEATURE_BUDGET, ...budget }.memory;
    const features = fits ? memoryStore(widths, images) : await fileStore(targetFile(run), widths, images);
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
    const { run, config, goOn = 'resume', signal, saveEvery, onProgress } = this.#options;
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
          this.#log.write({ stage, step: report.step, loss: report.loss });
        },
        save: (step) =>
          saveCheckpoint(run, this.#session, stage, step, [...slabs.keys()], configHash(config)),
      });
    } catch (error) {
      if (!(error instanceof NotFiniteError)) throw error;
      const smaller = `a smaller ${stage === 'detector' ? '--lr' : '--align-lr'}`;
      throw new NotFiniteError(`${stage}: ${error.message}`, {
        where: error.where,
        fix:
          goOn === 'resume'
            ? `use ${smaller} and another --out, as this run keeps its own; ${await lastCheckpoint(run)}`
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
    const { run, config } = this.#options;
    const all: StateDict = new Map();
    for (const layout of [...this.#layouts.parts, ...heads.map((head) => this.#layouts.heads[head])]) {
      for (const [name, tensor] of await this.#session.save(layout)) all.set(name, tensor);
    }
    if (table.classes.length > 0) {
      refuseNonFinite('class statistics', 'table', table.values);
      all.set('table', { shape: [table.classes.length, 2], data: table.values });
    }
    await writeSafetensors(runFiles(run).weights, all, {
      format: 'wgad weights 1',
      method: config.method,
      encoder: config.encoder,
      ...(config.activation === undefined ? {} : { activation: config.activation }),
      seed: String(config.seed),
      configHash: configHash(config),
      placelessHash: placelessHash(config),
      classes: JSON.stringify(this.#tiles.classes),
      ...(familiar && { familiar: JSON.stringify(familiar) }),
    });
    await rm(runFiles(run).memory, { force: true });
  }
}

/** Whole images' impressions, from those of their tiles, image by image. */
const ofImages = (tiles: readonly Impression[], count: number): Impression[] =>
  Array.from({ length: tiles.length / count }, (_, i) => overTiles(tiles.slice(i * count, (i + 1) * count)));
