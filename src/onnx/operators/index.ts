import type { Operator, OperatorTable } from '../operator.ts';
import { activationOperators } from './activations.ts';
import { attentionOperators } from './attention.ts';
import { castOperators } from './cast.ts';
import { controlOperators } from './control.ts';
import { geometryOperators } from './geometry.ts';
import { lossOperators } from './losses.ts';
import { movementOperators } from './movement.ts';
import { normOperators } from './norm.ts';
import { pointwiseOperators } from './pointwise.ts';
import { poolOperators } from './pool.ts';
import { productOperators } from './products.ts';
import { quantizeOperators } from './quantize.ts';
import { recurrentOperators } from './recurrent.ts';
import { reduceOperators } from './reduce.ts';
import { resizeOperators } from './resize.ts';
import { selectOperators } from './select.ts';
import { sequenceOperators } from './sequence.ts';
import { signalOperators } from './signal.ts';
import { SINCE } from './since.ts';

/** The operator set that all operators are computed of; newer ones as their definitions changed. */
const OLDEST_OPSET = 13;

/** Every operator of ONNX's own set that is computed. A new family is one spread here. */
const OPERATORS: OperatorTable = {
  ...pointwiseOperators,
  ...castOperators,
  ...activationOperators,
  ...movementOperators,
  ...reduceOperators,
  ...productOperators,
  ...poolOperators,
  ...normOperators,
  ...resizeOperators,
  ...selectOperators,
  ...attentionOperators,
  ...quantizeOperators,
  ...lossOperators,
  ...recurrentOperators,
  ...signalOperators,
  ...geometryOperators,
  ...sequenceOperators,
  ...controlOperators,
};

export const operatorOf = (name: string): Operator | undefined =>
  Object.hasOwn(OPERATORS, name) ? OPERATORS[name] : undefined;

/** The oldest operator set whose definition of an operator is computed. */
export const sinceOf = (name: string): number => SINCE[name] ?? OLDEST_OPSET;

export const operatorNames = (): string[] => Object.keys(OPERATORS).sort();
