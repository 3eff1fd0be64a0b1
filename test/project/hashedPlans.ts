/** The real networks' plans, whose kernels test/goldens/kernels.sha256 holds. */
import type { Graph } from '../../src/graph/graph.ts';
import { input } from '../../src/graph/value.ts';
import { DEVICES } from '../../src/kernels/devices.ts';
import type { DeviceFacts } from '../../src/kernels/kernel.ts';
import { distancePlan, pickPlan, projectionOf } from '../../src/train/coresetPlans.ts';
import { type MethodSizes, methodPlans } from '../../src/train/methodPlans.ts';

type Devices = Readonly<Record<string, DeviceFacts>>;

export interface HashedPlan {
  readonly name: string;
  readonly devices: Devices;
  graph(): Graph;
}

const { cpu, gpu, 'gpu-f16': gpuF16 } = DEVICES;
/** Matrices have kernels of their own, for products of f16. */
const HALF: Devices = {
  cpu,
  'gpu-f16': gpuF16,
  'gpu-matrix': { ...gpuF16, subgroupMatrix: { m: 16, n: 16, k: 16 } },
};

/** Those plans of a method that `names` lists. */
function plansOf(sizes: MethodSizes, names: readonly string[], devices: Devices = DEVICES): HashedPlan[] {
  const { method, encoder, size, batch, precision } = sizes;
  const title = `${method} ${encoder} ${size} px, batch ${batch}${precision ? ` ${precision}` : ''}`;
  const plans = methodPlans(sizes);
  return names.map((name) => {
    const { graph } = plans.find((plan) => plan.name === name)!;
    return { name: `${title}: ${name}`, devices, graph };
  });
}

const LARGE = { method: 'revdist', encoder: 'wide_resnet50_2', size: 256 } as const;
const SMALL = { method: 'revdist', encoder: 'resnet18', size: 256 } as const;
const EMBEDDED = { method: 'revdist', encoder: 'resnet18_w32', size: 128 } as const;

/** Between them each kernel family, variant and pass; another network costs seconds and adds few kernels. */
export const HASHED_PLANS: readonly HashedPlan[] = [
  ...plansOf({ ...LARGE, batch: 1 }, ['scoring']),
  ...plansOf({ ...LARGE, batch: 16 }, ['training']),
  ...plansOf({ ...SMALL, batch: 16 }, [
    'scoring',
    'training',
    'training of the regressor',
    'training of the classifier',
  ]),
  ...plansOf({ ...SMALL, batch: 1, precision: 'f16' }, ['scoring'], HALF),
  ...plansOf({ ...EMBEDDED, batch: 1 }, ['scoring']),
  ...plansOf({ ...EMBEDDED, batch: 16 }, ['training']),
  ...plansOf({ method: 'uniad', encoder: 'efficientnet_b4', size: 224, batch: 8 }, [
    'scoring',
    'training on frozen features',
  ]),
  ...plansOf({ method: 'patchcore', encoder: 'wide_resnet50_2', size: 224, batch: 8 }, ['memory', 'scoring']),
  ...plansOf({ method: 'cfa', encoder: 'wide_resnet50_2', size: 224, batch: 4 }, [
    'scoring',
    'training on frozen features',
  ]),
  ...plansOf({ method: 'draem', encoder: 'none', size: 256, batch: 8 }, ['scoring', 'training']),
  { name: 'coreset: projection', devices: DEVICES, graph: () => projectionOf(input('rows', [16, 784, 272])) },
  { name: 'coreset: picks', devices: { cpu, gpu }, graph: () => pickPlan([4096, 1000], 1024, 128) },
  { name: 'coreset: distances', devices: { cpu, gpu }, graph: () => distancePlan(0, 4096, 128) },
];
