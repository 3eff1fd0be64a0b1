/** One training under way: reads images, trains, and survives the loss of its device. */
import { GpuError } from '../../../src/errors.ts';
import { headsOf } from '../../../src/methods/alignments/index.ts';
import { detectorIn } from '../../../src/methods/detectors.ts';
import { frameIn, gridIn } from '../../../src/run/config.ts';
import { frozenShapes } from '../../../src/run/networkLayouts.ts';
import type { RunConfig } from '../../../src/run/settings.ts';
import { adapterName } from '../../../src/runtime/gpu.ts';
import { openSession } from '../../../src/runtime/session.ts';
import { type Stage, type TrainingOptions, train } from '../../../src/train/training.ts';
import { trainingTiles } from '../../../src/train/trainingTiles.ts';
import { RUN_FILES } from '../files/runFiles.ts';
import { type Folder, fileIn, jsonIn, removeIn, writeIn, writeJson } from '../files/storage.ts';
import { hashesOf, storedLog, storedRun } from '../files/storedRun.ts';
import { type AdoptedRun, requireSame, storeAdopted } from './adopted.ts';
import type { TrainingImages } from './chosenImages.ts';
import { lossesIn } from './losses.ts';
import type { Choice, Ended } from './messages.ts';
import { configOf, encoderFile, openEncoder } from './settings.ts';
import { storedLoader, storeImages } from './storedImages.ts';
import type { Teller } from './teller.ts';
import { type StageWork, TimeLeft } from './timeLeft.ts';
import { OWN_FILES, removeTraining, type Training, trainingFolder } from './trainings.ts';

/** Losses of the device one after another, without a checkpoint between them, after which it is given up. */
const MOST_LOSSES = 3;

/** Stores all that a training on these images needs. @returns how it ended where it did not come to that, else null. */
export async function begin(
  id: string,
  chosen: TrainingImages,
  choice: Choice,
  adopted: AdoptedRun | null,
  { teller, signal }: { teller: Teller; signal: AbortSignal },
): Promise<Ended | null> {
  teller.tell({ progress: { doing: 'opening', done: 0, of: 0 } });
  const embedded = adopted?.config.weights === 'embedded' ? adopted.config.encoder : undefined;
  const encoder = await encoderFile(embedded ?? choice.encoder);
  const draft = adopted?.config ?? configOf(choice, encoder, chosen.name, chosen.images.length);
  const folder = await trainingFolder(id);
  const session = await openSession();
  try {
    const read = await storeImages(folder, chosen, frameIn(draft), session.gpu.device, {
      signal,
      onImage: (done, of) => teller.tell({ progress: { doing: 'reading', done, of } }),
    });
    if (read.images.length === 0 || (read.refused.length > 0 && !choice.leaveOut)) {
      await removeTraining(id);
      return { how: 'refused', refused: read.refused, readable: adopted ? 0 : read.images.length };
    }
    const classes = chosen.classes.filter((name) => read.images.some(({ className }) => className === name));
    const training: Training = {
      name: chosen.name,
      begun: new Date().toISOString(),
      classes,
      images: read.images.map(({ id: image, className }) => ({ id: image, className })),
      saveEvery: choice.saveEvery,
      encoder: encoder.path,
    };
    await writeIn(folder, OWN_FILES.encoder, (write) => write(encoder.file));
    await writeJson(folder, OWN_FILES.about, training);
    const config = adopted?.config ?? {
      ...configOf(choice, encoder, chosen.name, read.images.length),
      dataSha256: read.sha256,
    };
    if (adopted) {
      requireSame(adopted, { ...encoder, dataSha256: read.sha256 });
      await storeAdopted(folder, adopted);
    }
    await writeJson(folder, RUN_FILES.config, config);
    return null;
  } catch (error) {
    await removeTraining(id).catch(() => {});
    if (signal.aborted && error === signal.reason) return { how: 'dropped' };
    throw error;
  } finally {
    session.close();
  }
}

/** Trains from the last checkpoint, or from the beginning, to the end or until the signal. */
export async function goOn(id: string, how: { teller: Teller; signal: AbortSignal }): Promise<Ended> {
  for (let losses = 1; ; losses++) {
    try {
      return { how: (await once(id, how, () => void (losses = 0))) ? 'finished' : 'paused' };
    } catch (error) {
      const isLost = error instanceof GpuError && error.code === 'E_DEVICE_LOST';
      if (!isLost || losses >= MOST_LOSSES) throw error;
      if (how.signal.aborted) return { how: 'paused' };
      how.teller.tell({
        notes: [
          'The graphics device was lost and opened again; the training went on from what was saved last.',
        ],
      });
    }
  }
}

/** On one device. @returns false where the signal stopped it. */
async function once(
  id: string,
  { teller, signal }: { teller: Teller; signal: AbortSignal },
  onSaved: () => void,
): Promise<boolean> {
  const folder = await trainingFolder(id);
  const training = (await jsonIn<Training>(folder, OWN_FILES.about))!;
  const known = (await jsonIn<RunConfig>(folder, RUN_FILES.config))!;
  const log = (await (await fileIn(folder, RUN_FILES.log))?.text()) ?? '';
  const stages = stagesOf(known, training.images.length);
  teller.tell({
    progress: { doing: 'opening', done: 0, of: 0 },
    stages: Object.fromEntries(stages.map(({ stage, of }) => [stage, of])),
    losses: lossesIn(log),
  });
  const session = await openSession({
    onCompile: (_, done, of) => {
      if (done < of) teller.tell({ progress: { doing: 'compiling', done, of } });
    },
  });
  try {
    teller.tell({ adapter: adapterName(session.gpu) });
    const clock = { left: new TimeLeft(stages, training.costs) };
    const finished = await train(
      session,
      await worldOf(folder, training, known, { log, teller, onSaved }),
      optionsOf(folder, training, known, { stages, clock, teller, signal }),
    );
    if (finished) for (const name of [OWN_FILES.images, OWN_FILES.encoder]) await removeIn(folder, name);
    return finished;
  } finally {
    session.close();
  }
}

async function worldOf(
  folder: Folder,
  training: Training,
  known: RunConfig,
  { log, teller, onSaved }: { log: string; teller: Teller; onSaved: () => void },
): Promise<Parameters<typeof train>[1]> {
  const { classes, images } = training;
  const samples = images.map(({ id, className }) => ({
    path: id,
    id,
    className,
    defect: 'good',
    anomalous: false,
    maskPath: null,
  }));
  const store = storedRun(folder);
  const loader = await storedLoader(
    folder,
    images.map(({ id }) => id),
    frameIn(known),
  );
  const { encoder } = known;
  return {
    tiles: trainingTiles({ classes, train: samples }, gridIn(known)),
    images: { train: images.length, test: 0 },
    textures: [],
    start: {
      async encoder() {
        if (encoder === 'none') return null;
        const file = (await fileIn(folder, OWN_FILES.encoder))!;
        return openEncoder(encoder, { path: training.encoder, file });
      },
      detector: async () => null,
    },
    store: {
      ...store,
      async write(file, tensors, metadata) {
        await store.write(file, tensors, metadata);
        if (file !== 'checkpoint') return;
        onSaved();
        teller.tell({ saved: { stage: metadata.stage as Stage, step: Number(metadata.step) } });
      },
    },
    log: () => storedLog(folder, log, (note) => teller.tell({ notes: [note] })),
    async begin(asked) {
      // As it was begun, but for the machine: hashes of older files depend on how it is written.
      const config = known.adapter === '' ? asked : { ...known, adapter: asked.adapter };
      await writeJson(folder, RUN_FILES.config, config);
      return { config, hashes: await hashesOf(config) };
    },
    loader: () => loader,
  };
}

function optionsOf(
  folder: Folder,
  training: Training,
  config: RunConfig,
  {
    stages,
    clock,
    teller,
    signal,
  }: { stages: readonly StageWork[]; clock: { left: TimeLeft }; teller: Teller; signal: AbortSignal },
): TrainingOptions {
  return {
    config,
    resume: true,
    signal,
    goOn: 'page',
    saveEvery: training.saveEvery,
    features: { disk: 0 },
    ...(!training.costs && {
      onEstimate({ costs }) {
        clock.left = new TimeLeft(stages, costs);
        writeJson(folder, OWN_FILES.about, { ...training, costs }).catch((error: Error) =>
          teller.tell({ notes: [error.message] }),
        );
      },
    }),
    onProgress(stage, { step, of, loss }) {
      const left = clock.left.after(stage, step, performance.now());
      teller.tell({
        progress: { doing: stage, done: step, of, ...(left !== undefined && { left }) },
        ...(loss !== undefined && { losses: [{ stage, step, loss }] }),
      });
    },
    onNote: (note) => teller.tell({ notes: [note] }),
  };
}

/** The stages of a run in their order, with what each counts. */
function stagesOf(config: RunConfig, images: number): StageWork[] {
  const tiles = images * gridIn(config).count;
  const { memory } = detectorIn(config);
  const heads = headsOf(config.align);
  return [
    ...(frozenShapes(config) ? [{ stage: 'features' as const, of: tiles }] : []),
    ...(memory ? [{ stage: 'memory' as const, of: tiles }] : []),
    ...(config.iterations > 0 ? [{ stage: 'detector' as const, of: config.iterations }] : []),
    { stage: 'collect', of: tiles },
    ...heads.map((stage) => ({ stage, of: config.alignIterations })),
  ];
}
