import { type Graph, rootsOf, valuesOf } from '../graph/graph.ts';
import { has, OPS } from '../graph/ops/index.ts';
import { isOp, type Value } from '../graph/value.ts';
import { ELEMENT_BYTES } from '../kernels/kernel.ts';
import { product } from '../shape.ts';

export const bytesOf = (value: Value): number => product(value.shape) * ELEMENT_BYTES[value.dtype];

/** The value whose memory holds another one, and the offset in it. */
interface Location {
  /** A leaf, a computed value, or a pack. */
  readonly root: Value;
  /** Bytes. */
  readonly offset: number;
}

export interface Storage {
  locate(value: Value): Location;
  /** Pack inputs that could not be placed: they must be copied. */
  readonly copies: readonly { from: Value; to: Value; offset: number }[];
}

/**
 * Resolves views and packs: most values own their memory; a view lies in its input's; an input of a pack is
 * computed straight into the pack's memory where it can be.
 */
export function resolveStorage(graph: Graph): Storage {
  const placed = new Map<Value, Location>();
  const copies: { from: Value; to: Value; offset: number }[] = [];
  const locate = (value: Value): Location => {
    const place = placed.get(value);
    if (place) return place;
    if (!OPS[value.op].view) return { root: value, offset: 0 };
    const offset = isOp(value, 'slabView') ? value.attrs.offset : 0;
    const inner = locate(value.inputs[0]!);
    return { root: inner.root, offset: inner.offset + offset * ELEMENT_BYTES[value.dtype] };
  };
  const outputs = new Set(rootsOf(graph).map((value) => locate(value).root));
  for (const target of valuesOf(graph)) {
    if (!has(target, 'placesInputs')) continue;
    const { offsets } = target.attrs;
    const roots = target.inputs.map((operand) => locate(operand).root);
    /** Values read by those that are already placed in the pack. */
    const readInside = new Set<Value>();
    target.inputs.forEach((operand, i) => {
      const offset = offsets[i]! * ELEMENT_BYTES[target.dtype];
      const { root, offset: inside } = locate(operand);
      const free =
        !OPS[root.op].leaf &&
        !OPS[root.op].placesInputs &&
        !placed.has(root) &&
        !outputs.has(root) &&
        inside === 0 &&
        // One value in two places is computed outside and copied twice.
        roots.filter((each) => each === root).length === 1 &&
        product(root.shape) === product(operand.shape) &&
        // Otherwise one dispatch would read and write the pack: its own, or one that reads it.
        root.inputs.every((each) => locate(each).root !== target) &&
        !readInside.has(root);
      if (free) {
        for (const each of root.inputs) readInside.add(locate(each).root);
        placed.set(root, { root: target, offset });
      } else copies.push({ from: operand, to: target, offset });
    });
  }
  return { locate, copies };
}
