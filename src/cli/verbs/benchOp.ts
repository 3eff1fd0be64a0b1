import { Option } from 'commander';
import type { NamedCase } from '../../bench/caseFilter.ts';
import { differenceText } from '../../bench/difference.ts';
import { measureByTurns, measure as measureOp } from '../../bench/measure.ts';
import { type BenchDevice, type BenchSubject, PASSES, type Pass } from '../../bench/operation.ts';
import { measurePace } from '../../bench/pace.ts';
import type { Pace } from '../../bench/planCase.ts';
import type { BenchRecord } from '../../bench/record.ts';
import { ConfigError } from '../../errors.ts';
import { addOutputFlags, type BenchOutput, measure } from '../benchRun.ts';
import { oneOf } from '../names.ts';
import { integer } from '../numbers.ts';
import { subjectOf } from '../opCall.ts';
import type { AddVerb } from '../verb.ts';

interface OpFlags extends BenchOutput {
  readonly pass: Pass;
  readonly a?: string;
  readonly b?: string;
  readonly samples: number;
}

export const samplesOption = (): Option =>
  new Option('--samples <n>', 'samples of each, of 20 ms or one run')
    .argParser(integer('--samples', 1))
    .default(9);

export const benchOpVerb: AddVerb = (bench, run) => {
  addOutputFlags(
    bench
      .command('op [calls...]')
      .description("any of the library's functions over operands of any shape; two of them by turns")
      .option(
        '--pass <name>',
        'forward, backward (derivatives by all operands) or both',
        oneOf(PASSES),
        'forward',
      )
      .option('--a <call>', 'with --b: two calls by turns, a sample each a round')
      .option('--b <call>', 'the other')
      .addOption(samplesOption()),
  )
    .addHelpText('after', OP_HELP)
    .action((calls: string[], flags: OpFlags) =>
      run((context) => {
        const subjects = subjectsOf(calls, flags);
        const shapes = new Map<BenchSubject, string>();
        const notes: string[] = [];
        return measure(
          context,
          flags,
          async (session, { clock, only = () => true }) => {
            const pace = await measurePace(session);
            const progress = context.progress('op');
            const records: BenchRecord[] = [];
            const chosen = subjects.filter((each) => each.some((one) => only(caseOf(one, shapes))));
            for (const [i, each] of chosen.entries()) {
              const [found, note] = await measured({ ...session, clock }, each, {
                pace,
                samples: flags.samples,
              });
              for (const [k, subject] of each.entries()) shapes.set(subject, found[k]!.shape);
              records.push(...found);
              notes.push(...note);
              progress.update(i + 1, chosen.length);
            }
            return records;
          },
          { notes: (records) => [...records.flatMap(boundText), ...new Set(notes)] },
        );
      }),
    );
};

const OP_HELP = `
A call is a function's name, its operands and its other arguments: lists are operands, behind them :state (weights, whose packing is
done ahead), a type or a range of numbers; options are name=JSON, $0 is the first operand, and a list that is an argument has an =:
  'conv2d [1,96,37,53] [160,96,3,3]:state stride=2 padding=1 bias=$2' ... 'permute [2,3,4] =[2,0,1]'
  'gather [1000,64] [512]:i32:0..1000'   'concat [2,3] [2,5] [$0,$1] 1'

Example:
  wgad bench op 'softmax [64,1000]' 'matmul [512,512] [512,512]' --pass both
  wgad bench op --a 'gelu [4096]' --b 'relu [4096]'`;

/** One subject each, or the two of --a and --b. */
function subjectsOf(calls: readonly string[], { pass, a, b }: OpFlags): BenchSubject[][] {
  if ((a === undefined) !== (b === undefined))
    throw new ConfigError('bench op: expects --a and --b, got one');
  if (calls.length === 0 && a === undefined) {
    throw new ConfigError('bench op: expects a call, as in "softmax [64,1000]", or --a and --b');
  }
  const twice = calls.find((call, i) => calls.indexOf(call) !== i);
  if (twice !== undefined) throw new ConfigError(`bench op: expects each call once, got ${twice} twice`);
  return [
    ...calls.map((call) => [subjectOf('bench op', call, pass)]),
    ...(a === undefined ? [] : [[subjectOf('--a', a, pass), subjectOf('--b', b!, pass)]]),
  ];
}

const caseOf = (subject: BenchSubject, shapes: ReadonlyMap<BenchSubject, string>): NamedCase => ({
  name: subject.name,
  shape: shapes.get(subject) ?? '',
});

async function measured(
  device: BenchDevice,
  [first, second]: readonly BenchSubject[],
  options: { readonly pace: Pace; readonly samples: number },
): Promise<[BenchRecord[], string[]]> {
  if (!second) return [[await measureOp(device, first!, options)], []];
  const { records, difference } = await measureByTurns(device, [first!, second], options);
  return [[...records], [`${first!.name} and ${second.name}: ${differenceText(difference)}`]];
}

/** What limits it, with what the three would take at the adapter's own pace. */
export function boundText({ name, bound, floorMs }: BenchRecord): string[] {
  if (!bound || !floorMs) return [];
  const all = Object.entries(floorMs).map(([what, ms]) => `${what} ${ms.toPrecision(2)} ms`);
  return [`${name}: bound by ${bound} (at this adapter's pace: ${all.join(', ')})`];
}
