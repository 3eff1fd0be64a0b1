import { macsOf } from '../graph/count.ts';
import { type Graph, valuesOf } from '../graph/graph.ts';
import { has, OPS } from '../graph/ops/index.ts';
import { optimize } from '../graph/passes/optimize.ts';
import { input, remadeValue, state, type Value } from '../graph/value.ts';
import type { DeviceFacts } from '../kernels/kernel.ts';
import type { Precision } from '../nn/trainable.ts';
import { runConstants } from '../plan/runConstants.ts';
import { bytesOf } from '../plan/storage.ts';
import type { EncoderName } from '../score/features.ts';
import { titleOf } from './caseNames.ts';
import { type NetworkPlan, networkPlans, type Purpose } from './networks.ts';

/** One operation as networks have it, alone in a graph. */
export interface KernelCase {
  /** After the first network that has it: `resnet18/conv2d 3x3 s1 64x64x64->64`. */
  readonly name: string;
  readonly shape: string;
  readonly kind: string;
  /** All networks that have it; a filter finds it under each. */
  readonly networks: readonly string[];
  /** Bytes of operands and result, and multiply-accumulates. */
  readonly bytes: number;
  readonly macs: number;
  /** How often the networks' plans compute it, all together. */
  readonly uses: number;
  build(): CaseGraph;
}

interface CaseGraph {
  readonly graph: Graph;
  /** State that must be set before the graph is compiled. */
  readonly states: readonly Value[];
}

/** Operations that are not products count where they move at least this share of their plan's bytes. */
const SHARE = 0.01;

export interface CaseOptions {
  readonly networks: readonly EncoderName[];
  readonly batches: readonly number[];
  readonly size: number;
  /** Precision of the scoring plans; f16 has no other plans. Default f32. */
  readonly precision?: Precision;
}

/**
 * What the networks' plans compute after all passes on graphs: each product once, without its epilogue, and every
 * other operation that moves much; in the order of the networks, scoring before training.
 */
export function networkCases(
  facts: DeviceFacts,
  { networks, batches, size, precision }: CaseOptions,
): KernelCase[] {
  const found = new Map<string, KernelCase & { networks: string[]; uses: number }>();
  for (const batch of batches) {
    for (const network of networks) {
      for (const plan of networkPlans(network, { batch, size, precision })) {
        for (const operation of operationsOf(plan, facts)) {
          const known = found.get(operation.key);
          if (!known) found.set(operation.key, { ...caseOf(network, operation), networks: [network] });
          else {
            known.uses += operation.uses;
            if (!known.networks.includes(network)) known.networks.push(network);
          }
        }
      }
    }
  }
  return [...found.values()];
}

interface Operation {
  readonly key: string;
  readonly value: Value;
  readonly purpose: Purpose;
  readonly uses: number;
  /** Operands that change only with the weights: what is made of them alone is not timed, as in the network's plan. */
  readonly constants: ReadonlySet<Value>;
}

function operationsOf({ graph, purpose }: NetworkPlan, facts: DeviceFacts): Operation[] {
  const optimized = optimize(graph, facts);
  const { hoisted, isConstant } = runConstants(optimized, facts);
  const moved = new Map<string, number>();
  const operations = new Map<string, Operation & { uses: number }>();
  let total = 0;
  for (const value of valuesOf(optimized)) {
    const { leaf, view, placesInputs } = OPS[value.op];
    if (leaf || view || placesInputs || hoisted.has(value)) continue;
    const bare = withoutEpilogue(value);
    const key = keyOf(bare);
    const bytes = bytesMoved(value);
    total += bytes;
    moved.set(key, (moved.get(key) ?? 0) + bytes);
    const known = operations.get(key);
    if (known) known.uses += 1;
    else {
      operations.set(key, {
        key,
        value: bare,
        purpose,
        uses: 1,
        constants: new Set(bare.inputs.filter(isConstant)),
      });
    }
  }
  return [...operations.values()].filter(
    ({ key, value }) => macsOf(value) > 0 || moved.get(key)! >= SHARE * total,
  );
}

const bytesMoved = (value: Value): number =>
  bytesOf(value) + value.inputs.reduce((sum, operand) => sum + bytesOf(operand), 0);

/** What is fused into a product differs from layer to layer and costs little: one case stands for all. */
function withoutEpilogue(value: Value): Value {
  if (!has(value, 'takesEpilogue') || value.attrs.epilogue === undefined) return value;
  const { epilogue, ...attrs } = value.attrs;
  return remadeValue(value, { inputs: value.inputs.slice(0, 2), attrs, scope: '' });
}

/** Equal keys are the same work; which operands are one and the same value matters too. */
const keyOf = ({ op, attrs, inputs, shape, dtype }: Value): string =>
  JSON.stringify([
    op,
    attrs,
    shape,
    dtype,
    inputs.map((operand) => [operand.shape, operand.dtype, inputs.indexOf(operand)]),
  ]);

function caseOf(network: string, { value, purpose, uses, constants }: Operation): KernelCase {
  const { kind, name, shape } = titleOf(value, purpose);
  return {
    name: `${network}/${name}`,
    shape,
    kind,
    networks: [network],
    bytes: bytesMoved(value),
    macs: macsOf(value),
    uses,
    build: () => alone(value, constants),
  };
}

/** The operation over operands of its own. */
function alone(value: Value, constants: ReadonlySet<Value>): CaseGraph {
  const { updates = [] } = OPS[value.op];
  const updated = new Set(updates.map((i) => value.inputs[i]!));
  const operands = new Map<Value, Value>();
  for (const [i, { op, shape, dtype }] of value.inputs.entries()) {
    const operand = value.inputs[i]!;
    if (operands.has(operand)) continue;
    if (op === 'constant') operands.set(operand, operand);
    else if (constants.has(operand) || updated.has(operand))
      operands.set(operand, state(`case operand ${i}`, shape, dtype));
    else operands.set(operand, input(`operand ${i}`, shape, dtype));
  }
  const inputs = value.inputs.map((operand) => operands.get(operand)!);
  const out = remadeValue(value, { inputs, scope: '' });
  return {
    graph:
      updates.length > 0
        ? { outputs: new Map(), effects: [out] }
        : { outputs: new Map([['out', out]]), effects: [] },
    states: [...new Set(inputs)].filter(({ op }) => op === 'state'),
  };
}
