import type { PointwiseName } from '../../kernels/pointwiseTable.ts';
import type { Program, Step } from '../../kernels/program.ts';
import type { GraphWriter } from './graphWriter.ts';
import { direct, type ElementRule, TRUTHS, truth } from './nodes.ts';

const times = (w: GraphWriter, a: string, b: string): string => w.node('Mul', [a, b]);
const plus = (w: GraphWriter, a: string, b: string): string => w.node('Add', [a, b]);

/** Phi(x) = (1 + erf(x / sqrt 2)) / 2. */
const normalCdf = (w: GraphWriter, x: string): string => {
  const inner = w.node('Erf', [times(w, x, w.scalar(Math.SQRT1_2))]);
  return times(w, plus(w, inner, w.scalar(1)), w.scalar(0.5));
};

/** tanh(x / 2) (e^x + 1): digits stay next to 0, and it is -1 far below. */
const expm1: ElementRule = (w, [x]) => {
  const half = w.node('Tanh', [times(w, x!, w.scalar(0.5))]);
  return times(w, half, plus(w, w.node('Exp', [x!]), w.scalar(1)));
};

/** 2 atanh(x / (x + 2)) next to 0, ln(1 + x) elsewhere. */
const log1p: ElementRule = (w, [x]) => {
  const near = w.node('Less', [w.node('Abs', [x!]), w.scalar(0.5)]);
  const small = w.node('Where', [near, x!, w.scalar(0)]);
  const inner = w.node('Atanh', [w.node('Div', [small, plus(w, small, w.scalar(2))])]);
  const far = w.node('Log', [plus(w, x!, w.scalar(1))]);
  return w.node('Where', [near, times(w, inner, w.scalar(2)), far]);
};

/** ONNX leaves the sign of NaN open; here it is 0. */
const sign: ElementRule = (w, [x]) =>
  w.node('Where', [w.node('IsNaN', [x!]), w.scalar(0), w.node('Sign', [x!])]);

const clamp: ElementRule = (w, [x], [low, high]) =>
  w.node('Clip', [
    x!,
    low === Number.NEGATIVE_INFINITY ? '' : w.scalar(low!),
    high === Number.POSITIVE_INFINITY ? '' : w.scalar(high!),
  ]);

/** Every function of elements. One that is added does not compile without its row. */
const RULES: Readonly<Record<PointwiseName, ElementRule>> = {
  constant: (w, _, [value]) => w.scalar(value!),
  identity: (_, [x]) => x!,
  neg: direct('Neg'),
  abs: direct('Abs'),
  sign,
  square: (w, [x]) => times(w, x!, x!),
  exp: direct('Exp'),
  log: direct('Log'),
  expm1,
  log1p,
  erf: direct('Erf'),
  sin: direct('Sin'),
  cos: direct('Cos'),
  tan: direct('Tan'),
  asin: direct('Asin'),
  acos: direct('Acos'),
  atan: direct('Atan'),
  sinh: direct('Sinh'),
  cosh: direct('Cosh'),
  asinh: direct('Asinh'),
  acosh: direct('Acosh'),
  atanh: direct('Atanh'),
  sqrt: direct('Sqrt'),
  rsqrt: (w, [x]) => w.node('Reciprocal', [w.node('Sqrt', [x!])]),
  reciprocal: direct('Reciprocal'),
  floor: direct('Floor'),
  ceil: direct('Ceil'),
  round: direct('Round'),
  trunc: (w, [x]) => times(w, w.node('Sign', [x!]), w.node('Floor', [w.node('Abs', [x!])])),
  isNan: truth('IsNaN'),
  sigmoid: direct('Sigmoid'),
  tanh: direct('Tanh'),
  relu: direct('Relu'),
  relu6: (w, [x]) => w.node('Clip', [x!, w.scalar(0), w.scalar(6)]),
  gelu: direct('Gelu'),
  geluSlope: (w, [x]) => {
    const bell = w.node('Exp', [times(w, times(w, x!, x!), w.scalar(-0.5))]);
    return plus(w, normalCdf(w, x!), times(w, times(w, x!, bell), w.scalar(1 / Math.sqrt(2 * Math.PI))));
  },
  silu: (w, [x]) => times(w, x!, w.node('Sigmoid', [x!])),
  hardswish: direct('HardSwish'),
  add: direct('Add'),
  sub: direct('Sub'),
  mul: direct('Mul'),
  div: direct('Div'),
  floorDiv: (w, args) => w.node('Floor', [w.node('Div', args)]),
  truncDiv: (w, args) => RULES.trunc(w, [w.node('Div', args)], []),
  remainder: (w, [a, b]) => {
    const rest = w.node('Mod', [a!, b!], { fmod: 1 });
    const turned = w.node('Less', [times(w, rest, b!), w.scalar(0)]);
    return w.node('Where', [turned, plus(w, rest, b!), rest]);
  },
  fmod: (w, args) => w.node('Mod', args, { fmod: 1 }),
  pow: direct('Pow'),
  maximum: direct('Max'),
  minimum: direct('Min'),
  ...TRUTHS,
  scale: (w, [x], [factor]) => times(w, x!, w.scalar(factor!)),
  shift: (w, [x], [offset]) => plus(w, x!, w.scalar(offset!)),
  perDeviation: (w, [d, variance], [factor, eps]) => {
    const inner = plus(w, times(w, variance!, w.scalar(factor!)), w.scalar(eps!));
    return w.node('Div', [d!, w.node('Sqrt', [inner])]);
  },
  clamp,
};

/** A chain of functions over inputs of these names. */
export function writeProgram(w: GraphWriter, { inputs, steps }: Program, names: readonly string[]): string {
  const results = [...names.slice(0, inputs)];
  for (const { fn, args, params } of steps as readonly Step[]) {
    results.push(
      RULES[fn](
        w,
        args.map((arg) => results[arg]!),
        params,
      ),
    );
  }
  return results.at(-1)!;
}
