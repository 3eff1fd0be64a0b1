import type { Command } from 'commander';
import { InvalidArgumentError, Option } from 'commander';
import { ConfigError } from '../../errors.ts';
import { readText } from '../../formats/regularFile.ts';
import { CARDS, type Card, peakMultiplyAdds } from '../../isa/cards.ts';
import { compileFor } from '../../isa/compile.ts';
import { describeText } from '../../isa/ownText.ts';
import { type Described, type Reading, readKernel } from '../../isa/reading.ts';
import { accessLines, readingTable } from '../../isa/table.ts';
import { DEVICES } from '../../kernels/devices.ts';
import type { DeviceFacts, GpuFamily } from '../../kernels/kernel.ts';
import { buildPlan } from '../../plan/buildPlan.ts';
import type { Context } from '../context.ts';
import { DEVICE_HELP, deviceFacts } from '../deviceFacts.ts';
import { EXIT } from '../exitCodes.ts';
import {
  addKernelFlags,
  type CountedKernel,
  distinctKernels,
  type KernelFlags,
  kernelPlans,
} from '../kernelPlans.ts';
import type { Runner } from '../verb.ts';

interface IsaFlags extends KernelFlags {
  readonly card: string;
  readonly wgsl?: string;
  readonly grid?: readonly [number, number, number];
  readonly bind?: readonly string[];
  readonly accesses?: boolean;
  readonly asm?: boolean;
}

/** What Dawn offers on an AMD card: its waves have 32 or 64 lanes, as the driver likes. */
const AMD: DeviceFacts = {
  ...DEVICES['gpu-f16'],
  subgroupSize: 0,
  workgroupBytes: 65_536,
  maxBindingBytes: 2 ** 32 - 4,
  maxImageSide: 16_384,
};

export function addIsa(kernels: Command, run: Runner): void {
  const verb = kernels
    .command('isa [op] [args...]')
    .description(
      "compile kernels for an AMD card that need not be there, with Mesa's RADV, and predict their times from the machine code; nothing is measured",
    );
  addKernelFlags(
    verb,
    new Option('--device <facts>', DEVICE_HELP)
      .argParser(deviceFacts)
      .default(AMD, 'what an AMD card offers'),
  )
    .option('--card <family>', `${Object.keys(CARDS).join(', ')}, or another of RADV's names`, 'navi31')
    .option('--wgsl <file>', 'instead of an op or a model: a kernel of your own, with an entry point main')
    .option('--grid <x,y,z>', 'its workgroups', gridOf)
    .option('--bind <lengths...>', 'what it reads and writes: array=elements, uniform=word,word')
    .option('--accesses', 'also how memory is accessed: bytes a lane, bank conflicts, use of lines')
    .option('--asm', 'also the machine code')
    .addHelpText(
      'after',
      '\nExample:\n  wgad kernels isa matmul --shape 512x512 512x512 --card navi21' +
        '\n  wgad kernels isa --model resnet18 --batch 16 --filter conv2d' +
        '\n  wgad kernels isa --wgsl mine.wgsl --grid 1024,1,1 --bind x=262144 y=262144 sizes=262144',
    )
    .action((op: string | undefined, args: string[], flags: IsaFlags) =>
      run((context) => isa(context, op, args, flags)),
    );
}

/** By a card's generation, the family of GPUs whose rates choose the tiles, unless --device says. */
const FAMILIES: Readonly<Record<Card['generation'], GpuFamily>> = {
  gcn: 'gcn',
  cdna: 'gcn',
  rdna1: 'rdna2',
  rdna2: 'rdna2',
  rdna3: 'rdna3',
  rdna4: 'rdna3',
};

type Counted = Described & Pick<CountedKernel, 'dispatches' | 'ahead'>;

async function isa(
  context: Context,
  op: string | undefined,
  args: readonly string[],
  flags: IsaFlags,
): Promise<number> {
  const { card: family } = flags;
  const card = CARDS[family] ?? null;
  const plans = flags.wgsl === undefined ? plansOf(op, args, flags) : [await ownPlan(flags.wgsl, op, flags)];
  const texts = [...new Set(plans.flatMap(({ kernels }) => kernels.map(({ wgsl }) => wgsl)))];
  const progress = context.progress('compile');
  const { device, kernels: compiled } = await compileFor(family, texts, (done) =>
    progress.update(done, texts.length),
  );
  progress.finish();
  const results = plans.map(({ name, kernels }) => ({
    name,
    kernels: kernels.map((kernel) => {
      const found = compiled[texts.indexOf(kernel.wgsl)]!;
      const { label, dispatches, ahead } = kernel;
      if (typeof found === 'string' && flags.wgsl !== undefined) {
        throw new ConfigError(`${flags.wgsl}: ${found}`, { fix: 'mend the kernel', where: flags.wgsl });
      }
      if (typeof found === 'string') return { label, dispatches, ahead, refused: found };
      return {
        ...readKernel(kernel, found, card),
        dispatches,
        ahead,
        ...(flags.asm && { listing: found.listing }),
      };
    }),
  }));
  if (context.json) {
    const peak = card && { multiplyAddsPerNanosecond: peakMultiplyAdds(card) };
    context.result({ family, device, card: card && { ...card, ...peak }, plans: results }, '');
    return EXIT.done;
  }
  const named = card
    ? `${card.product}, ${card.generation.toUpperCase()}`
    : 'its rates are not known here: no prediction';
  const texted = [`${family} (${named}), compiled by ${device}; predicted, not measured`];
  for (const { name, kernels } of results) {
    texted.push(`\n${name}`, readingTable(kernels, card));
    for (const each of kernels) {
      if ('refused' in each) continue;
      if (flags.accesses) texted.push('', each.label, ...accessLines(each as Reading));
      if (each.listing !== undefined) texted.push('', each.label, each.listing.replaceAll('\t', '  '));
    }
  }
  for (const text of texted) if (!(await context.line(text))) return EXIT.done;
  return EXIT.done;
}

/** @throws ConfigError as `wgad kernels show` does; for flags that only a file has. */
function plansOf(
  op: string | undefined,
  args: readonly string[],
  flags: IsaFlags,
): { readonly name: string; readonly kernels: readonly Counted[] }[] {
  if (flags.grid !== undefined || flags.bind !== undefined) {
    throw new ConfigError(
      'kernels isa: --grid and --bind are for --wgsl; the kernels of an op or a model know theirs',
    );
  }
  const generation = CARDS[flags.card]?.generation;
  const device = { ...(generation && { family: FAMILIES[generation] }), ...flags.device };
  return kernelPlans('kernels isa', op, args, flags)
    .map(({ name, graph }) => {
      const plan = buildPlan(graph(), device, { label: name });
      return {
        name,
        kernels: distinctKernels(plan).filter(({ label }) => flags.filter?.test(label) ?? true),
      };
    })
    .filter(({ kernels }) => kernels.length > 0);
}

async function ownPlan(
  path: string,
  op: string | undefined,
  flags: IsaFlags,
): Promise<{ name: string; kernels: Counted[] }> {
  const { model, shape, gradient, grid = [1, 1, 1], bind = [] } = flags;
  if (op !== undefined || model !== undefined || shape !== undefined || gradient !== undefined) {
    throw new ConfigError('kernels isa expects one of an op, --model and --wgsl, got --wgsl and another');
  }
  const kernel = describeText(await readText(path), { label: path, grid, bind });
  return { name: path, kernels: [{ ...kernel, dispatches: 1, ahead: 0 }] };
}

function gridOf(text: string): [number, number, number] {
  const sides = text.split(/[,x]/).map(Number);
  const [x, y = 1, z = 1] = sides;
  if (sides.length > 3 || ![x, y, z].every((side) => Number.isInteger(side) && side! >= 1)) {
    throw new InvalidArgumentError(`expects workgroups such as 1024 or 64,2,1, got ${text}.`);
  }
  return [x!, y, z];
}
