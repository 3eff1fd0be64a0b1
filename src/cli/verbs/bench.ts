import { InvalidArgumentError } from 'commander';
import { benchKernels } from '../../bench/kernels.ts';
import { benchLatency } from '../../bench/latency.ts';
import { loadPeers, PEERS, type PeerName } from '../../bench/peers.ts';
import {
  type BenchRecord,
  compareRecords,
  formatRecords,
  readRecords,
  writeRecords,
} from '../../bench/record.ts';
import { benchVersus } from '../../bench/versus.ts';
import { ConfigError } from '../../errors.ts';
import { listAdapters } from '../../gpu/open.ts';
import { RESNETS, type ResNetName } from '../../models/resnet.ts';
import { openSession, type Session } from '../../train/session.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exitCodes.ts';
import { integer } from '../numbers.ts';
import type { AddVerb, Runner } from '../program.ts';

interface Output {
  out?: string;
  compare?: string;
}

const MODEL_NAMES = `comma-separated: ${Object.keys(RESNETS).join(', ')}`;

export const benchVerb: AddVerb = (program, run) => {
  const bench = program.command('bench').description('measure this engine on this adapter');
  bench
    .command('kernels')
    .description('single ops: convolutions, products, pointwise functions')
    .option('--filter <regex>', 'cases whose name or shape matches', pattern, /./)
    .option('--out <file>', 'write the records as JSON')
    .option('--compare <file>', 'exit 1 where a median fell by more than its noise band')
    .addHelpText('after', '\nExample:\n  wgad bench kernels --filter conv')
    .action((flags: Output & { filter: RegExp }) =>
      measured(run, flags, (session, context) => {
        const progress = context.progress('kernels');
        return benchKernels(session, flags.filter, (done, of) => progress.update(done, of));
      }),
    );
  bench
    .command('latency')
    .description('milliseconds to score images, with and without CADA, per model and batch size')
    .option(
      '--model <names>',
      `${MODEL_NAMES}; default resnet18_w16, with --peers resnet18,wide_resnet50_2`,
      models,
    )
    .option('--batch <sizes>', 'comma-separated batch sizes; default 1,16, with --peers 1', sizes)
    .option('--size <px>', 'side of the images', integer('--size', 64), 256)
    .option('--peers <names>', `time classifiers against other engines: ${PEERS.join(', ')}`, peerNames)
    .option('--out <file>', 'write the records as JSON')
    .option('--compare <file>', 'exit 1 where a median fell by more than its noise band')
    .addHelpText(
      'after',
      '\nExample:\n  wgad bench latency --size 128 --batch 1\n  wgad bench latency --peers ort-webgpu --model resnet18',
    )
    .action((flags: LatencyFlags) => (flags.peers ? versus(run, flags, flags.peers) : latency(run, flags)));
};

interface LatencyFlags extends Output {
  model?: ResNetName[];
  batch?: number[];
  size: number;
  peers?: PeerName[];
}

const latency = (run: Runner, flags: LatencyFlags): Promise<void> =>
  measured(run, flags, (session, context) => {
    const progress = context.progress('latency');
    return benchLatency(session, {
      models: flags.model ?? ['resnet18_w16'],
      batches: flags.batch ?? [1, 16],
      size: flags.size,
      onCase: (done, of) => progress.update(done, of),
    });
  });

function versus(run: Runner, flags: LatencyFlags, names: PeerName[]): Promise<void> {
  return run(async (context) => {
    const peers = loadPeers(names);
    if (context.gpu !== undefined && names.includes('ort-webgpu')) await requireOneAdapter();
    for (const { name, version } of peers) context.say(`${name}: ${version}`);
    return measure(context, flags, (session) => {
      const progress = context.progress('latency');
      return benchVersus(session, {
        models: flags.model ?? ['resnet18', 'wide_resnet50_2'],
        batches: flags.batch ?? [1],
        size: flags.size,
        peers,
        onCase: (done, of) => progress.update(done, of),
      });
    });
  });
}

/** ONNX Runtime takes no adapter's name: it opens the high-performance one, as this engine does by default. */
async function requireOneAdapter(): Promise<void> {
  const adapters = new Set((await listAdapters()).filter((name) => !/\bnull\b/i.test(name)));
  if (adapters.size <= 1) return;
  throw new ConfigError(
    `--gpu with --peers ort-webgpu: the peer cannot be told an adapter, and there are ${adapters.size}: ${[...adapters].join(', ')}`,
    { fix: 'leave --gpu out, or hide the other adapters from both (VK_DRIVER_FILES)' },
  );
}

const measured = (run: Runner, output: Output, records: Measurement): Promise<void> =>
  run((context) => measure(context, output, records));

type Measurement = (session: Session, context: Context) => Promise<BenchRecord[]>;

async function measure(
  context: Context,
  { out, compare }: Output,
  measurement: Measurement,
): Promise<number> {
  const before = compare === undefined ? [] : await readRecords(compare);
  const session = await openSession(context.gpu);
  let records: BenchRecord[];
  try {
    records = await measurement(session, context);
  } finally {
    session.close();
  }
  if (out !== undefined) await writeRecords(out, records);
  const comparisons = compareRecords(before, records);
  const lines = comparisons.map(
    ({ name, ratio, band, slower }) =>
      `${slower ? 'slower' : 'as before or faster'}: ${name}: ${ratio.toFixed(3)} (band ${band.toFixed(3)})`,
  );
  context.result({ records, comparisons }, [formatRecords(records), ...lines].join('\n'));
  return comparisons.some(({ slower }) => slower) ? EXIT.failed : EXIT.done;
}

function pattern(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch {
    throw new InvalidArgumentError(`expects a regular expression, got ${text}.`);
  }
}

function models(text: string): ResNetName[] {
  return text.split(',').map((name) => {
    if (!Object.hasOwn(RESNETS, name)) {
      throw new InvalidArgumentError(`expects any of ${Object.keys(RESNETS).join(', ')}, got ${name}.`);
    }
    return name as ResNetName;
  });
}

function peerNames(text: string): PeerName[] {
  return text.split(',').map((name) => {
    const known = PEERS.find((peer) => peer === name);
    if (!known) throw new InvalidArgumentError(`expects any of ${PEERS.join(', ')}, got ${name}.`);
    return known;
  });
}

const sizes = (text: string): number[] => text.split(',').map(integer('--batch', 1));
