import { DtypeError } from '../errors.ts';
import { constant, knownData, type Value } from '../graph/value.ts';
import { product, type Shape } from '../shape.ts';
import { dtypeOf, type ElementType } from './elementType.ts';
import type { HostTensor } from './hostTensor.ts';

/** A tensor while a graph is being traced: a value of the device, or numbers that are known already, or both. */
export class Term {
  readonly type: ElementType;
  readonly shape: Shape;
  /** Row-major; undefined for what only the device will know. */
  readonly known: ArrayLike<number> | undefined;
  #value: Value | undefined;

  private constructor(
    type: ElementType,
    shape: Shape,
    known: ArrayLike<number> | undefined,
    value: Value | undefined,
  ) {
    this.type = type;
    this.shape = shape;
    this.known = known;
    this.#value = value;
  }

  static known(type: ElementType, shape: Shape, data: ArrayLike<number>): Term {
    return new Term(type, shape, data, undefined);
  }

  static host({ type, shape, data }: HostTensor): Term {
    return new Term(type, shape, data, undefined);
  }

  static of(type: ElementType, value: Value): Term {
    return new Term(type, value.shape, knownData(value), value);
  }

  get size(): number {
    return product(this.shape);
  }

  /** @throws DtypeError for known integers beyond 32 bits. */
  get value(): Value {
    return (this.#value ??= this.#constant());
  }

  #constant(): Value {
    const dtype = dtypeOf(this.type);
    const data = this.known!;
    if (dtype !== 'f32') {
      const [least, most] = dtype === 'i32' ? [-(2 ** 31), 2 ** 31 - 1] : [0, 2 ** 32 - 1];
      const at = Array.prototype.findIndex.call(data, (each: number) => each < least || each > most);
      if (at >= 0) {
        throw new DtypeError(
          `${this.type} ${data[at]} does not fit 32 bits, the widest integers of the device`,
        );
      }
    }
    return constant(data, this.shape, dtype);
  }
}

/** What a name of a graph stands for: a tensor, a list of tensors, or nothing (an empty optional). */
export type Item = Term | Sequence | Absent;

export interface Sequence {
  readonly items: readonly Term[];
}

/** The value of an optional that holds nothing. */
interface Absent {
  readonly absent: true;
}

export const isTerm = (item: Item): item is Term => item instanceof Term;
export const isSequence = (item: Item): item is Sequence => 'items' in item;
