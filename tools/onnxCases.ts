/**
 * Runs the operator cases that tools/onnx_cases.py writes: npx tsx tools/onnxCases.ts FOLDER [PART OF A NAME] [--list] [--own]
 *
 * Inputs are tensors on the device; where a case's shapes depend on its inputs, those are constants. Prints how many are
 * right, wrong, refused (with a typed error) and crashed (with any other), and with --list each that is not right. With
 * --own a case's own tolerance is the only one.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { GpuError, WgadError } from '../src/errors.ts';
import { constant, type Value } from '../src/graph/value.ts';
import { dtypeOf, factsOf, isFloat } from '../src/onnx/elementType.ts';
import { type HostTensor, hostTensor } from '../src/onnx/hostTensor.ts';
import { fromOnnx, type OnnxInput, type OnnxNetwork } from '../src/onnx/index.ts';
import { TensorProtoSchema } from '../src/onnx/schema/onnx_pb.ts';
import { Engine } from '../src/runtime/engine.ts';
import { range, shapesEqual } from '../src/shape.ts';

const OWN = process.argv.includes('--own');

type Given = HostTensor | readonly HostTensor[] | null;

export interface CaseResult {
  readonly name: string;
  readonly operator: string;
  readonly status: 'right' | 'wrong' | 'refused' | 'crashed';
  readonly reason: string;
}

/** What is handed over as constants: nothing, all that is not float, all. */
const ATTEMPTS: readonly ((tensor: HostTensor) => boolean)[] = [
  () => false,
  ({ type }) => !isFloat(type),
  () => true,
];

const tensorIn = (file: string): HostTensor => hostTensor(fromBinary(TensorProtoSchema, readFileSync(file)));

/** An input or output: a tensor, a list, or null where there is no file. */
function read(at: string): Given {
  if (existsSync(`${at}.pb`)) return tensorIn(`${at}.pb`);
  if (!existsSync(`${at}.count`)) return null;
  return range(Number(readFileSync(`${at}.count`, 'utf8'))).map((i) => tensorIn(`${at}_${i}.pb`));
}

function filled(engine: Engine, { type, shape, data }: HostTensor, asConstant: boolean): OnnxInput {
  const dtype = dtypeOf(type);
  if (asConstant) return constant(Array.from(data), shape, dtype);
  const array = { f32: Float32Array, i32: Int32Array, u32: Uint32Array }[dtype];
  return engine.tensor(array.from(data as ArrayLike<number>), shape);
}

async function results(
  engine: Engine,
  network: OnnxNetwork,
  given: readonly Given[],
  asConstant: (tensor: HostTensor) => boolean,
): Promise<Map<string, { shape: readonly number[]; data: ArrayLike<number> }>> {
  const state = engine.load(network.state);
  const inputs = Object.fromEntries(
    network.inputs.map(({ name }, i): [string, OnnxInput] => {
      const each = given[i] ?? null;
      if (each === null) return [name, null];
      const made = (tensor: HostTensor): OnnxInput => filled(engine, tensor, asConstant(tensor));
      return [name, Array.isArray(each) ? (each.map(made) as OnnxInput) : made(each as HostTensor)];
    }),
  );
  const compiled = engine.compile(() => network.fn(state, inputs) as Record<string, Value>);
  try {
    const found = await compiled();
    const read = new Map<string, { shape: readonly number[]; data: ArrayLike<number> }>();
    for (const [name, tensor] of Object.entries(found)) {
      read.set(name, { shape: tensor.shape, data: await tensor.data() });
      tensor.dispose();
    }
    return read;
  } finally {
    compiled.dispose();
  }
}

function difference(
  name: string,
  expected: HostTensor,
  got: { shape: readonly number[]; data: ArrayLike<number> } | undefined,
  { rtol, atol }: { rtol: number; atol: number },
): string | undefined {
  if (!got) return `no output ${name}`;
  if (!shapesEqual(got.shape, expected.shape))
    return `${name}: [${got.shape}] instead of [${expected.shape}]`;
  // Sums of float32 beside large elements are near 0 to 6 digits of these; halves differ in their last two places.
  const largest = Array.from(expected.data).reduce(
    (most, x) => (Number.isFinite(x) ? Math.max(most, Math.abs(x)) : most),
    0,
  );
  const { format } = factsOf(expected.type);
  const absolute = OWN ? atol : Math.max(atol, 1e-6 * largest);
  const relative = OWN ? rtol : Math.max(rtol, format ? 2 * 2 ** -format.mantissa : 0);
  for (let i = 0; i < expected.data.length; i++) {
    const [a, b] = [got.data[i]!, expected.data[i]!];
    const same = a === b || (Number.isNaN(a) && Number.isNaN(b));
    const near = isFloat(expected.type) && Math.abs(a - b) <= absolute + relative * Math.abs(b);
    if (!same && !near) return `${name}[${i}]: ${a} instead of ${b}`;
  }
  return undefined;
}

export async function runCase(engine: Engine, folder: string, name: string): Promise<CaseResult> {
  const operator = name.replace(/^test_/, '');
  const at = (file: string): string => join(folder, name, file);
  const refused = (error: unknown): CaseResult => ({
    name,
    operator,
    status: error instanceof WgadError && !(error instanceof GpuError) ? 'refused' : 'crashed',
    reason: error instanceof WgadError ? error.message : String((error as Error).stack ?? error),
  });
  let network: OnnxNetwork;
  let given: Given[];
  let expected: Given[];
  try {
    network = fromOnnx(readFileSync(at('model.onnx')));
    given = network.inputs.map((_, i) => read(at(`input_${i}`)));
    expected = network.outputs.map((_, i) => read(at(`output_${i}`)));
  } catch (error) {
    return refused(error);
  }
  const tolerance = JSON.parse(readFileSync(at('tolerance.json'), 'utf8')) as { rtol: number; atol: number };
  let last: unknown;
  for (const attempt of ATTEMPTS) {
    try {
      const found = await results(engine, network, given, attempt);
      const wrong = network.outputs.flatMap(({ name: output }, i) => {
        const each = expected[i]!;
        if (each === null) return [];
        const list = Array.isArray(each) ? each : [each as HostTensor];
        return list.flatMap((tensor, k) => {
          const key = Array.isArray(each) ? `${output}[${k}]` : output;
          return difference(key, tensor, found.get(key), tolerance) ?? [];
        });
      });
      return { name, operator, status: wrong.length === 0 ? 'right' : 'wrong', reason: wrong.join('; ') };
    } catch (error) {
      last = error;
      if (!(error instanceof WgadError) || error instanceof GpuError) return refused(error);
    }
  }
  return refused(last);
}

const [folder, ...rest] = process.argv.slice(2);
const [part = ''] = rest.filter((each) => !each.startsWith('--'));
let engine = await Engine.create();
const counts: Record<CaseResult['status'], number> = { right: 0, wrong: 0, refused: 0, crashed: 0 };
const plain = { ...counts };
for (const name of readdirSync(folder!).sort()) {
  if (!name.startsWith('test_') || !new RegExp(part).test(name)) continue;
  const result = await runCase(engine, folder!, name);
  if (result.status === 'crashed') {
    // A device that failed fails ever after.
    engine.dispose();
    engine = await Engine.create();
  }
  counts[result.status] += 1;
  if (!name.includes('_expanded')) plain[result.status] += 1;
  if (result.status !== 'right' && rest.includes('--list')) {
    console.log(`${result.status}\t${name}\t${result.reason.replaceAll('\n', ' ').slice(0, 300)}`);
  }
}
const line = (of: Record<CaseResult['status'], number>): string =>
  `${of.right} right, ${of.wrong} wrong, ${of.refused} refused, ${of.crashed} crashed`;
console.log(`all: ${line(counts)}`);
console.log(`without those of expanded functions: ${line(plain)}`);
engine.dispose();
