/** The flags by which `wgad kernels` is told which kernels, and the plans that have them. */
import { type Command, Option } from 'commander';
import { ConfigError } from '../errors.ts';
import type { Graph } from '../graph/graph.ts';
import { DEVICES } from '../kernels/devices.ts';
import type { DeviceFacts, Kernel } from '../kernels/kernel.ts';
import { DETECTOR_NAMES, type DetectorName } from '../methods/detectors.ts';
import { PRETRAINED_NAMES } from '../models/encoders/index.ts';
import type { Precision } from '../nn/trainable.ts';
import type { Plan } from '../plan/plan.ts';
import { type MethodSizes, methodFor, methodPlans } from '../train/methodPlans.ts';
import { methodFlag, precisionFlag, sizeFlag } from './benchFlags.ts';
import { DEVICE_HELP, deviceFacts } from './deviceFacts.ts';
import { oneOf } from './names.ts';
import { integer, pattern } from './numbers.ts';
import { operandOf } from './opCall.ts';
import { opGraph } from './opGraph.ts';

export interface KernelFlags {
  readonly shape?: string[];
  readonly gradient?: boolean;
  readonly model?: MethodSizes['encoder'];
  readonly method?: DetectorName;
  readonly size?: number;
  readonly batch: number;
  readonly precision: Precision;
  readonly device: DeviceFacts;
  readonly filter?: RegExp;
}

const MODELS = [...PRETRAINED_NAMES, 'none'] as const;

const DEVICE = new Option('--device <facts>', DEVICE_HELP).argParser(deviceFacts).default(DEVICES.gpu, 'gpu');

/** @param device the flag that says for which device the plans are; default for what WebGPU guarantees of every GPU. */
export const addKernelFlags = (verb: Command, device: Option = DEVICE): Command =>
  verb
    .option(
      '--shape <sizes...>',
      'of the operands, as in 2x64x8x8; with :state for weights, :f16, :i32 or :u32',
    )
    .option('--gradient', 'the kernels of its gradient')
    .option('--model <name>', `instead of an op: one of ${MODELS.join(', ')}`, oneOf(MODELS))
    .addOption(
      methodFlag(`whose plans: ${DETECTOR_NAMES.join(', ')}; default the first that reads the model`),
    )
    .addOption(sizeFlag())
    .option('--batch <n>', 'images', integer('--batch', 1), 16)
    .addOption(precisionFlag())
    .addOption(device)
    .option('--filter <regex>', 'only kernels whose label (layer, op, variant, tile) matches', pattern);

/** @param verb for messages. @throws ConfigError unless just one of an op and a model is given, each with flags of its own. */
export function kernelPlans(
  verb: string,
  op: string | undefined,
  args: readonly string[],
  flags: KernelFlags,
): { readonly name: string; graph(): Graph }[] {
  const { shape = [], gradient = false, model, method, size, batch, precision: stored } = flags;
  if ((op === undefined) === (model === undefined)) {
    throw new ConfigError(`${verb} expects an op or --model, got ${op === undefined ? 'neither' : 'both'}`);
  }
  if (op !== undefined) {
    if (method !== undefined || size !== undefined) {
      throw new ConfigError(`${verb}: --method and --size are for --model; an op has --shape`);
    }
    return [
      {
        name: gradient ? `gradient of ${op}` : op,
        graph: () =>
          opGraph(
            op,
            shape.map((each) => operandOf(each)),
            args,
            gradient,
          ),
      },
    ];
  }
  if (shape.length > 0 || gradient) {
    throw new ConfigError(`${verb}: --shape and --gradient are for an op, not for --model`);
  }
  const encoder = model!;
  return methodPlans({ method: method ?? methodFor(encoder), encoder, batch, size, precision: stored });
}

export type CountedKernel = Kernel & {
  /** Dispatches that run it. */
  readonly dispatches: number;
  /** How many of the dispatches run once per set of weights. */
  readonly ahead: number;
};

/** Each kernel once, in the order of the first dispatch. */
export function distinctKernels({ dispatches, prelude }: Plan): CountedKernel[] {
  const found = new Map<string, Kernel & { dispatches: number; ahead: number }>();
  for (const [i, { kernel }] of dispatches.entries()) {
    const { wgsl, grid, sizes } = kernel;
    const key = JSON.stringify([wgsl, grid, sizes]);
    const known = found.get(key) ?? { ...kernel, dispatches: 0, ahead: 0 };
    known.dispatches += 1;
    if (i < prelude) known.ahead += 1;
    found.set(key, known);
  }
  return [...found.values()];
}
