import { Option } from 'commander';
import { ConfigError } from '../../errors.ts';
import type { Graph } from '../../graph/graph.ts';
import { optimize } from '../../graph/passes/optimize.ts';
import { DEVICES } from '../../kernels/devices.ts';
import type { DeviceFacts, Kernel } from '../../kernels/kernel.ts';
import { DETECTOR_NAMES, type DetectorName } from '../../methods/detectors.ts';
import { PRETRAINED_NAMES } from '../../models/encoders/index.ts';
import type { Precision } from '../../nn/trainable.ts';
import { buildPlan } from '../../plan/buildPlan.ts';
import type { Plan } from '../../plan/plan.ts';
import { printGraph, printKernel, printPlan } from '../../plan/print.ts';
import { SETTINGS } from '../../run/settings.ts';
import { type MethodSizes, methodFor, methodPlans } from '../../train/methodPlans.ts';
import { precision, sideOf } from '../benchFlags.ts';
import type { Context } from '../context.ts';
import { DEVICE_HELP, deviceFacts } from '../deviceFacts.ts';
import { EXIT } from '../exitCodes.ts';
import { oneOf } from '../names.ts';
import { integer, pattern } from '../numbers.ts';
import { operandOf, opGraph } from '../opGraph.ts';
import type { AddVerb } from '../verb.ts';

interface ShowFlags {
  readonly shape?: string[];
  readonly gradient?: boolean;
  readonly model?: MethodSizes['encoder'];
  readonly method?: DetectorName;
  readonly size?: number;
  readonly batch: number;
  readonly precision: Precision;
  readonly device: DeviceFacts;
  readonly filter?: RegExp;
  readonly list?: boolean;
}

export const kernelsVerb: AddVerb = (program, run) => {
  const kernels = program
    .command('kernels')
    .description('read the kernels that compute something; no adapter is needed')
    .addHelpText('after', '\nExample:\n  wgad kernels show gelu --shape 64x128');
  kernels
    .command('show [op] [args...]')
    .description("print graph, plan and WGSL of one of the library's functions, or of a model's plans")
    .option(
      '--shape <sizes...>',
      'of the operands, as in 2x64x8x8; with :state for weights, :f16, :i32 or :u32',
    )
    .option('--gradient', 'the kernels of its gradient')
    .option('--model <name>', `instead of an op: one of ${MODELS.join(', ')}`, oneOf(MODELS))
    .option(
      '--method <name>',
      `whose plans: ${DETECTOR_NAMES.join(', ')}; default the first that reads the model`,
      oneOf(DETECTOR_NAMES),
    )
    .option('--size <px>', "side of the images; default the method's", sideOf)
    .option('--batch <n>', 'images', integer('--batch', 1), 16)
    .option('--precision <name>', SETTINGS.precision.says, precision, 'f32')
    .addOption(new Option('--device <facts>', DEVICE_HELP).argParser(deviceFacts).default(DEVICES.gpu, 'gpu'))
    .option('--filter <regex>', 'only kernels whose label (layer, op, variant, tile) matches', pattern)
    .option('--list', 'labels instead of WGSL')
    .addHelpText(
      'after',
      '\nArguments after the op are JSON, options name=JSON, and $0 is the first operand:' +
        '\n  wgad kernels show concat \'["$0","$1"]\' 1 --shape 2x3 --shape 2x5' +
        '\n\nExample:\n  wgad kernels show conv2d padding=1 --shape 16x64x56x56 64x64x3x3:state --device cpu' +
        '\n  wgad kernels show --model wide_resnet50_2 --method patchcore --filter nearest',
    )
    .action((op: string | undefined, args: string[], flags: ShowFlags) =>
      run((context) => show(context, op, args, flags)),
    );
};

const MODELS = [...PRETRAINED_NAMES, 'none'] as const;

async function show(
  context: Context,
  op: string | undefined,
  args: readonly string[],
  flags: ShowFlags,
): Promise<number> {
  const { device, filter, list = false } = flags;
  const found = [];
  for (const { name, graph } of plansOf(op, args, flags)) {
    const traced = graph();
    const plan = buildPlan(traced, device, { label: name });
    const kernels = distinct(plan).filter(({ label }) => filter?.test(label) ?? true);
    const printed = { graph: printGraph(optimize(traced, device)), plan: printPlan(plan) };
    if (context.json) {
      found.push({ name, ...printed, kernels });
      continue;
    }
    const whole = filter ? [] : [printed.graph, printed.plan];
    const texts = list
      ? kernels.map(({ label }) => label)
      : kernels.map((kernel) => `${printKernel(kernel)}`);
    for (const text of [...whole, ...texts]) if (!(await context.line(text))) return EXIT.done;
  }
  if (context.json) context.result({ device, plans: found }, '');
  return EXIT.done;
}

/** @throws ConfigError unless just one of an op and a model is given, each with flags of its own. */
function plansOf(
  op: string | undefined,
  args: readonly string[],
  flags: ShowFlags,
): { readonly name: string; graph(): Graph }[] {
  const { shape = [], gradient = false, model, method, size, batch, precision: stored } = flags;
  if ((op === undefined) === (model === undefined)) {
    throw new ConfigError(
      `kernels show expects an op or --model, got ${op === undefined ? 'neither' : 'both'}`,
    );
  }
  if (op !== undefined) {
    if (method !== undefined || size !== undefined) {
      throw new ConfigError('kernels show: --method and --size are for --model; an op has --shape');
    }
    return [
      {
        name: gradient ? `gradient of ${op}` : op,
        graph: () => opGraph(op, shape.map(operandOf), args, gradient),
      },
    ];
  }
  if (shape.length > 0 || gradient) {
    throw new ConfigError('kernels show: --shape and --gradient are for an op, not for --model');
  }
  const encoder = model!;
  return methodPlans({ method: method ?? methodFor(encoder), encoder, batch, size, precision: stored });
}

/** Each kernel once, in the order of the first dispatch, and how many dispatches run it. */
function distinct({ dispatches }: Plan): (Kernel & { readonly dispatches: number })[] {
  const found = new Map<string, Kernel & { dispatches: number }>();
  for (const { kernel } of dispatches) {
    const { wgsl, grid, sizes } = kernel;
    const key = JSON.stringify([wgsl, grid, sizes]);
    const known = found.get(key);
    if (known) known.dispatches += 1;
    else found.set(key, { ...kernel, dispatches: 1 });
  }
  return [...found.values()];
}
