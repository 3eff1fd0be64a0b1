import { basename, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Command } from 'commander';
import {
  check as checkResults,
  type Expected,
  measureByTurns,
  measure as measureOp,
} from '../../bench/measure.ts';
import { type BenchSubject, prepareOperation } from '../../bench/operation.ts';
import { measurePace } from '../../bench/pace.ts';
import { everyRun } from '../../bench/planCase.ts';
import { ConfigError, FileError, gotText } from '../../errors.ts';
import { readText } from '../../formats/regularFile.ts';
import { ownKernel } from '../../graph/ops/ownKernel.ts';
import type { Dtype } from '../../graph/value.ts';
import { givenTwice } from '../../options.ts';
import type { Session } from '../../runtime/session.ts';
import { type Shape, shapesEqual, shapeText } from '../../shape.ts';
import { addOutputFlags, type BenchOutput, measure } from '../benchRun.ts';
import { integer, real } from '../numbers.ts';
import { type Operand, operandOf, subjectOf } from '../opCall.ts';
import { requiredOption } from '../settings.ts';
import type { AddVerb } from '../verb.ts';
import { boundText, samplesOption } from './benchOp.ts';

interface KernelFlags extends BenchOutput {
  readonly bind: string[];
  readonly grid: number[];
  readonly flops?: number;
  readonly check?: string;
  readonly against?: string;
  readonly tolerance: number;
  readonly samples: number;
}

export const benchKernelVerb: AddVerb = (bench, run) => {
  addOutputFlags(
    addKernelFlags(
      bench
        .command('kernel <file>')
        .description(
          'a WGSL kernel of your own: checked first, then timed, by turns with one of the library’s',
        ),
    ),
  )
    .addHelpText('after', KERNEL_HELP)
    .action((file: string, flags: KernelFlags) =>
      run(async (context) => {
        const { check, against, tolerance, samples } = flags;
        const kernel = await kernelOf(file, flags);
        const other = against === undefined ? undefined : subjectBeside(against, kernel);
        const reference = check === undefined ? undefined : await referenceOf(check, kernel);
        if (!other && !reference)
          context.say('nothing checks this kernel: --check FILE.mjs or --against CALL would');
        return measure(
          context,
          flags,
          async (session, { clock }) => {
            const flops = flags.flops ?? (other ? await flopsOf(session, other) : 0);
            const subject = kernel.subject(flops);
            const device = { ...session, clock };
            const checks = { tolerance, expected: reference, same: other !== undefined };
            // Before the pace is measured: a wrong kernel is named at once.
            await checkResults(device, other ? [subject, other] : [subject], checks);
            const options = { samples, tolerance, expected: reference, pace: await measurePace(session) };
            if (!other) return [await measureOp(device, subject, options)];
            const { records } = await measureByTurns(device, [subject, other], { ...options, same: true });
            return [...records];
          },
          { notes: (records) => records.flatMap(boundText) },
        );
      }),
    );
};

const addKernelFlags = (verb: Command): Command =>
  verb
    .addOption(
      requiredOption(
        '--bind <arrays...>',
        'its arrays, in the order of their bindings, inputs first: a=[512,512] i=[64]:i32:0..9 c=[512,512]:out',
      ),
    )
    .addOption(
      requiredOption('--grid <x,y,z>', 'workgroups; y and z may be left out').argParser((text: string) =>
        text.split(',').map(integer('--grid', 1, 65_535)),
      ),
    )
    .option(
      '--check <file>',
      'an .mjs file with a reference: its default export computes the outputs from the inputs',
    )
    .option(
      '--against <call>',
      "one of the library's functions over the same inputs, as for bench op: compared, and by turns",
    )
    .option('--flops <n>', 'operations of a run, for rates; default those of --against', real('--flops', 0))
    .option(
      '--tolerance <x>',
      'largest difference of an element, of the larger of its size and the root mean square',
      real('--tolerance', 0),
      1e-4,
    )
    .addOption(samplesOption());

const KERNEL_HELP = `
The file is a WGSL module with the entry point main. It may leave the declarations of its arrays out; they are then array<f32> (or
the type that --bind says) under their names. Every element of an output has to be written. The reference is
  export default ({ a, b }, shapes) => ({ c: ... })    // or the numbers of a single output; arrays are row-major

Example:
  wgad bench kernel my.wgsl --bind a=[512,512] b=[512,512] c=[512,512]:out --grid 32,32 \\
    --check reference.mjs --against 'matmul [512,512] [512,512]'`;

/** A kernel of a file, before its arithmetic is known. */
interface FileKernel {
  readonly name: string;
  readonly inputs: readonly Bound[];
  readonly outputs: readonly Bound[];
  subject(flops: number): BenchSubject;
}

interface Bound extends Operand {
  readonly name: string;
}

async function kernelOf(file: string, { bind, grid }: KernelFlags): Promise<FileKernel> {
  if (grid.length > 3) throw new ConfigError(`--grid expects one to three numbers, got ${grid.join(',')}`);
  const wgsl = await readText(file);
  const arrays = bind.map(boundOf);
  const twice = givenTwice(arrays.map(({ name }) => name));
  if (twice !== undefined) throw new ConfigError(`--bind expects each name once, got ${twice} twice`);
  const firstOut = arrays.findIndex(({ out }) => out);
  if (firstOut < 0) throw new ConfigError('--bind expects an output, as in c=[512,512]:out, got none');
  const late = arrays.slice(firstOut).find(({ out }) => !out);
  if (late) {
    throw new ConfigError(`--bind expects inputs first, got ${late.name} behind an output`, {
      fix: 'give outputs the last bindings',
    });
  }
  const [inputs, outputs] = [arrays.slice(0, firstOut), arrays.slice(firstOut)];
  const types = new Set(outputs.map(({ dtype }) => dtype));
  if (types.size > 1)
    throw new ConfigError(`--bind expects outputs of one type, got ${[...types].join(', ')}`);
  const name = basename(file);
  return {
    name,
    inputs,
    outputs,
    subject(flops) {
      const call = ownKernel<string, string>({
        name,
        wgsl,
        grid,
        inputs: byName(inputs, ({ dtype }) => ownType(dtype)),
        outputs: byName(outputs, ({ shape }) => shape),
        dtype: ownType(outputs[0]!.dtype),
        flops: () => flops,
      });
      return { name, fn: (...values) => call(...values), operands: inputs.map(operandOnly) };
    },
  };
}

const byName = <T>(arrays: readonly Bound[], of: (array: Bound) => T): Record<string, T> =>
  Object.fromEntries(arrays.map((array) => [array.name, of(array)]));

const operandOnly = ({ shape, dtype, state, range }: Bound): Operand => ({ shape, dtype, state, range });

function ownType(dtype: Dtype): Exclude<Dtype, 'f16'> {
  if (dtype !== 'f16') return dtype;
  throw new ConfigError('--bind expects arrays of f32, i32 or u32, got f16');
}

function boundOf(text: string): Bound & { readonly out: boolean } {
  const [, name, rest] = /^(\w+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined)
    throw new ConfigError(`--bind expects name=[sizes], as in a=[512,512], got ${text}`);
  const out = /:out(?=:|$)/.test(rest!);
  return { name, out, ...operandOf(rest!.replace(/:out(?=:|$)/, ''), `--bind ${name}`) };
}

/** The library's function over the kernel's own inputs. @throws ConfigError if the shapes do not match. */
function subjectBeside(text: string, { name, inputs }: FileKernel): BenchSubject {
  const subject = subjectOf('--against', text);
  const same =
    subject.operands.length === inputs.length &&
    subject.operands.every(({ shape }, i) => shapesEqual(shape, inputs[i]!.shape));
  if (same) {
    return {
      ...subject,
      operands: subject.operands.map((each, i) => ({ ...each, range: inputs[i]!.range })),
    };
  }
  const shapes = (all: readonly { shape: Shape }[]): string =>
    all.map(({ shape }) => shapeText(shape)).join(' ');
  throw new ConfigError(
    `--against expects the inputs of ${name}, ${shapes(inputs)}, got ${shapes(subject.operands)}`,
  );
}

async function flopsOf(session: Session, subject: BenchSubject): Promise<number> {
  const { executable, destroy } = await prepareOperation(session, subject);
  destroy();
  return everyRun(executable.plan).reduce((sum, { kernel }) => sum + kernel.flops, 0);
}

/** @throws FileError if the file exports no function. */
async function referenceOf(file: string, { name, inputs, outputs }: FileKernel): Promise<Expected> {
  const fix = 'export default ({ a, b }, shapes) => ({ c: [...] })';
  const threw = (what: string, cause: unknown): FileError =>
    new FileError(`${file}: ${what}: ${cause instanceof Error ? cause.message : gotText(cause)}`, {
      fix,
      cause,
      where: file,
    });
  const found = await import(pathToFileURL(resolve(file)).href).catch((cause: unknown) => {
    throw threw('cannot be loaded', cause);
  });
  const reference: unknown = (found as { default?: unknown }).default;
  if (typeof reference !== 'function') {
    throw new FileError(`${file}: expects a function as its default export, got ${gotText(reference)}`, {
      fix,
    });
  }
  const shapes = byName([...inputs, ...outputs], ({ shape }) => shape);
  return (...numbers) => {
    let given: unknown;
    try {
      given = reference(Object.fromEntries(inputs.map((each, i) => [each.name, numbers[i]])), shapes);
    } catch (cause) {
      throw threw('its function threw', cause);
    }
    const named = isNumbers(given) && outputs.length === 1 ? { [outputs[0]!.name]: given } : given;
    return outputs.map((output) => {
      const result = (named as Record<string, unknown> | null | undefined)?.[output.name];
      if (isNumbers(result)) return result;
      throw new FileError(`${file}: expects numbers for ${output.name} of ${name}, got ${gotText(result)}`, {
        fix,
      });
    });
  };
}

const isNumbers = (given: unknown): given is ArrayLike<number> =>
  Array.isArray(given) || (ArrayBuffer.isView(given) && !(given instanceof DataView));
