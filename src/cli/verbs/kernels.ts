import { optimize } from '../../graph/passes/optimize.ts';
import { buildPlan } from '../../plan/buildPlan.ts';
import { printGraph, printKernel, printPlan } from '../../plan/print.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exitCodes.ts';
import { addKernelFlags, distinctKernels, type KernelFlags, kernelPlans } from '../kernelPlans.ts';
import type { AddVerb } from '../verb.ts';
import { addIsa } from './kernelsIsa.ts';

interface ShowFlags extends KernelFlags {
  readonly list?: boolean;
}

export const kernelsVerb: AddVerb = (program, run) => {
  const kernels = program
    .command('kernels')
    .description('read the kernels that compute something; no adapter is needed')
    .addHelpText('after', '\nExample:\n  wgad kernels show gelu --shape 64x128');
  addKernelFlags(
    kernels
      .command('show [op] [args...]')
      .description("print graph, plan and WGSL of one of the library's functions, or of a model's plans"),
  )
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
  addIsa(kernels, run);
};

async function show(
  context: Context,
  op: string | undefined,
  args: readonly string[],
  flags: ShowFlags,
): Promise<number> {
  const { device, filter, list = false } = flags;
  const found = [];
  for (const { name, graph } of kernelPlans('kernels show', op, args, flags)) {
    const traced = graph();
    const plan = buildPlan(traced, device, { label: name });
    const kernels = distinctKernels(plan).filter(({ label }) => filter?.test(label) ?? true);
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
