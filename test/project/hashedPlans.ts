/** The real networks' plans, whose kernels test/goldens/kernels.sha256 holds. */
import { scoringConfig } from '../../src/bench/networks.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { input } from '../../src/graph/value.ts';
import { DEVICES } from '../../src/kernels/devices.ts';
import type { DeviceFacts } from '../../src/kernels/kernel.ts';
import type { DetectorName } from '../../src/methods/detectors.ts';
import type { PretrainedName } from '../../src/models/encoders.ts';
import { pickPlan, projectionOf, startPlan } from '../../src/train/coresetPlans.ts';
import { detectorStep, headStep, memoryPlan, scorePlan } from '../../src/train/detectorPlans.ts';
import { runLayouts } from '../../src/train/layouts.ts';

export interface HashedPlan {
  readonly name: string;
  readonly devices: Readonly<Record<string, DeviceFacts>>;
  build(): Graph;
}

const CLASSES = 3;
const { gpu, 'gpu-f16': gpuF16 } = DEVICES;
/** Matrices have kernels of their own, for products of f16. */
const MATRICES = { 'gpu-matrix': { ...gpuF16, subgroupMatrix: { m: 16, n: 16, k: 16 } } } as const;

/** A method's plans, made when they are asked for, on an encoder at a size and batch. */
function plansOf(
  method: DetectorName,
  encoder: PretrainedName | 'none',
  sizes: { readonly batch: number; readonly size: number; readonly precision?: 'f16' },
) {
  const { precision } = sizes;
  const config = { ...scoringConfig(method, encoder, { ...sizes, images: 64 }), precision };
  const layouts = () => runLayouts(config, CLASSES, precision);
  const name = `${method} ${encoder} ${sizes.size} px, batch ${sizes.batch}${precision ? ` ${precision}` : ''}`;
  const plan = (what: string, build: () => Graph, devices: HashedPlan['devices'] = DEVICES): HashedPlan => ({
    name: `${name}: ${what}`,
    devices,
    build,
  });
  return {
    scoring: (devices?: HashedPlan['devices']) =>
      plan('scoring', () => scorePlan(config, layouts(), ['none', 'cada'], CLASSES), devices),
    training: () => plan('training', () => detectorStep(config, layouts())),
    trainingOnFrozen: () =>
      plan('training on frozen features', () => detectorStep(config, layouts(), undefined, 'frozen')),
    memory: () => plan('memory', () => memoryPlan(config, layouts())),
    head: (which: 'regressor' | 'classifier') =>
      plan(`training of the ${which}`, () => headStep(config, layouts(), which, CLASSES)),
  };
}

const wide = plansOf('revdist', 'wide_resnet50_2', { batch: 16, size: 256 });
const resnet18 = plansOf('revdist', 'resnet18', { batch: 16, size: 256 });
const embedded = plansOf('revdist', 'resnet18_w32', { batch: 16, size: 128 });
const uniad = plansOf('uniad', 'efficientnet_b4', { batch: 8, size: 224 });
const patchcore = plansOf('patchcore', 'efficientnet_b4', { batch: 16, size: 224 });
const cfa = plansOf('cfa', 'wide_resnet50_2', { batch: 4, size: 224 });
const draem = plansOf('draem', 'none', { batch: 8, size: 256 });

export const HASHED_PLANS: readonly HashedPlan[] = [
  plansOf('revdist', 'wide_resnet50_2', { batch: 1, size: 256 }).scoring(),
  wide.training(),
  resnet18.scoring(),
  resnet18.training(),
  resnet18.head('regressor'),
  resnet18.head('classifier'),
  plansOf('revdist', 'resnet18', { batch: 1, size: 256, precision: 'f16' }).scoring({
    cpu: DEVICES.cpu,
    'gpu-f16': gpuF16,
    ...MATRICES,
  }),
  plansOf('revdist', 'resnet18_w32', { batch: 1, size: 128 }).scoring(),
  embedded.training(),
  plansOf('recontrast', 'resnet18', { batch: 8, size: 256 }).training(),
  uniad.scoring(),
  uniad.trainingOnFrozen(),
  patchcore.memory(),
  patchcore.scoring(),
  cfa.scoring(),
  cfa.trainingOnFrozen(),
  draem.scoring(),
  draem.training(),
  { name: 'coreset: projection', devices: DEVICES, build: () => projectionOf(input('rows', [16, 784, 272])) },
  { name: 'coreset: start', devices: { cpu: DEVICES.cpu, gpu }, build: () => startPlan(0, 4096, 10) },
  { name: 'coreset: picks', devices: { cpu: DEVICES.cpu, gpu }, build: () => pickPlan([4096]) },
];
