import { ConfigError, shown } from '../../errors.ts';
import { isOp, topological, type Value } from '../../graph/value.ts';
import type { NamedTensor } from '../../nn/init.ts';
import { shapeText } from '../../shape.ts';
import { GraphWriter, portOf, type WrittenType } from './graphWriter.ts';
import { RULES, reasonAgainst } from './rules.ts';

/** A name in a file for a value. */
export interface Port {
  readonly name: string;
  readonly value: Value;
  /** Its type in the file, where that is another than the value's. */
  readonly type?: WrittenType;
}

/** What a file holds beside its nodes. */
export interface ModelParts {
  /** Of the graph. */
  readonly label: string;
  readonly inputs: readonly Port[];
  /** Values that are tensors of the file, under their names. */
  readonly stored: ReadonlyMap<Value, { readonly name: string; readonly tensor: NamedTensor }>;
  readonly outputs: readonly Port[];
}

/** @throws ConfigError listing every value that has no form in ONNX. */
export function writeModel({ label, inputs, stored, outputs }: ModelParts): Uint8Array {
  const values = topological(outputs.map(({ value }) => value));
  refuseUnwritten(values);
  const w = new GraphWriter();
  const names = new Map<Value, string>();
  const ports = inputs.map(({ name, value, type }) => ({ value, type, name: w.fresh(name) }));
  const reached = new Set(values);
  for (const [value, { name, tensor }] of stored) {
    if (!reached.has(value)) continue;
    names.set(value, w.fresh(name));
    w.initializer(names.get(value)!, tensor.data, tensor.shape);
  }
  const results = outputs.map(({ name, value, type }) => ({ value, type, name: w.fresh(name) }));
  for (const { name, value, type } of ports) {
    names.set(value, type !== undefined && reached.has(value) ? w.cast(name, toWritten(value)) : name);
  }
  for (const value of values) if (!names.has(value)) names.set(value, written(w, value, names));
  for (const { name, value, type } of results) {
    // A node of its own gives each result its name, whatever else reads the value.
    if (type === undefined) w.nodes('Identity', [names.get(value)!], [name]);
    else w.nodes('Identity', [w.cast(names.get(value)!, type)], [name]);
  }
  const port = ({ name, value, type }: Port) => portOf(name, value.shape, type ?? toWritten(value));
  return w.bytes(label, ports.map(port), results.map(port));
}

const toWritten = ({ dtype }: Value): WrittenType => dtype;

/** Values that are named of each op. */
const MOST_NAMED = 3;

function refuseUnwritten(values: readonly Value[]): void {
  const captured = values.filter((value) => value.op === 'state');
  if (captured.length > 0) {
    throw new ConfigError(
      `toOnnx: fn reads ${captured.length} tensors that it is not handed, the first ${shapeText(captured[0]!.shape)}`,
      {
        fix: 'hand them over by name: toOnnx((weights, x) => ..., [x], { state: await engine.stateDict(tensors) })',
      },
    );
  }
  const found = new Map<string, Value[]>();
  for (const value of values) {
    const reason = reasonAgainst(value);
    if (reason !== undefined)
      found.set(`${value.op}: ${reason}`, [...(found.get(`${value.op}: ${reason}`) ?? []), value]);
  }
  if (found.size === 0) return;
  const lines = [...found].map(([reason, of]) => {
    const where = of
      .slice(0, MOST_NAMED)
      .map(({ scope, shape }) => `${scope ? `${shown(scope)} ` : ''}${shapeText(shape)}`);
    return `${reason} (${where.join(', ')}${of.length > MOST_NAMED ? ` and ${of.length - MOST_NAMED} more` : ''})`;
  });
  throw new ConfigError(`toOnnx: has no form in ONNX: ${lines.join('; ')}`, {
    fix: 'docs/onnx.md says what has one',
  });
}

function written(w: GraphWriter, value: Value, names: ReadonlyMap<Value, string>): string {
  if (isOp(value, 'constant')) {
    return w.constant(value.attrs.data, value.shape, value.dtype === 'f16' ? 'f32' : value.dtype);
  }
  const rule = RULES[value.op as keyof typeof RULES] as (
    w: GraphWriter,
    value: Value,
    names: readonly string[],
  ) => string;
  const isCast = value.op === 'cast';
  const operands = value.inputs.map((each) =>
    // Arithmetic is f32; what is only moved keeps its type.
    each.dtype === 'f16' && !isCast && value.dtype !== 'f16'
      ? w.cast(names.get(each)!, 'f32')
      : names.get(each)!,
  );
  return rule(w, value, operands);
}
