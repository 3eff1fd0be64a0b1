import { describe, expect, it } from 'vitest';
import * as wgad from '../../src/index.ts';
import { constant, type ErrorCode, input, type Value, WgadError } from '../../src/index.ts';
import { BASELINE_DEVICE } from '../../src/kernels/kernel.ts';
import { product } from '../../src/shape.ts';
import { CALLS, NOT_OPS, oneWrong } from './wrongArguments.ts';

const library: Readonly<Record<string, unknown>> = wgad;
const device = { ...BASELINE_DEVICE, f16: true };

function valuesIn(result: unknown): Value[] {
  if (typeof result !== 'object' || result === null) return [];
  return 'op' in result ? [result as Value] : Object.values(result).flatMap(valuesIn);
}

/** Whatever is wrong with `result`: a shape that is none, or a graph that only the device would refuse. */
function flawOf(result: unknown): string | undefined {
  const values = valuesIn(result).filter(({ op }) => op !== 'input' && op !== 'constant');
  const odd = values.find(({ shape }) => !shape.every((size) => Number.isInteger(size) && size >= 0));
  if (odd) return `yields shape ${JSON.stringify(odd.shape)}`;
  if (values.some(({ shape }) => product(shape) > 1e6)) return undefined;
  const outputs = new Map(values.map((value, i) => [`output ${i}`, value]));
  try {
    wgad.buildPlan({ outputs, effects: [] }, device);
  } catch (error) {
    return `makes a plan fail: ${error}`;
  }
  return undefined;
}

describe('a wrong argument', () => {
  it.each(CALLS)('of %s is refused by a typed error, or means something', (name, args) => {
    const call = library[name] as (...args: unknown[]) => unknown;
    expect(flawOf(call(...args))).toBe(undefined);
    const flaws: string[] = [];
    for (const [how, wrong] of oneWrong(args)) {
      let result: unknown;
      try {
        result = call(...wrong);
      } catch (error) {
        if (!(error instanceof WgadError)) flaws.push(`${how} throws ${error}`);
        else if (!/expects?|hold|broadcast|stretch|sum|fit|ranges|not depend/.test(error.message)) {
          flaws.push(`${how} says only: ${error.message}`);
        }
        continue;
      }
      const flaw = flawOf(result);
      if (flaw) flaws.push(`${how} ${flaw}`);
    }
    expect(flaws).toEqual([]);
  });

  it('is tried of every public function', () => {
    const tried = new Set<string>([...CALLS.map(([name]) => name), ...NOT_OPS]);
    const classes = /^[A-Z]/;
    const functions = Object.entries(library).filter(
      ([name, value]) => typeof value === 'function' && !classes.test(name),
    );
    expect(functions.map(([name]) => name).filter((name) => !tried.has(name))).toEqual([]);
  });
});

const x = (...shape: number[]): Value => input('x', shape);

/** What reached the device, or came out as nonsense, before it was refused. */
const REFUSED: readonly (readonly [message: string, code: ErrorCode, call: () => unknown])[] = [
  [
    'constant: shape expects a list of whole sizes of at least 0, got [-1, -1]',
    'E_SHAPE',
    () => constant([1], [-1, -1]),
  ],
  [
    'zeros: shape expects a list of whole sizes of at least 0, got [2.5, 2]',
    'E_SHAPE',
    () => wgad.zeros([2.5, 2], undefined as never),
  ],
  [
    'reshape: shape expects a list of whole sizes of at least 0, got [-2, -3]',
    'E_SHAPE',
    () => wgad.reshape(x(2, 3), [-2, -3]),
  ],
  [
    'reshape: shape [-1, 0] does not hold the 0 elements of [0, 3]',
    'E_SHAPE',
    () => wgad.reshape(x(0, 3), [-1, 0]),
  ],
  [
    'conv2d: weight expects a kernel of at least 1x1, got 0x0',
    'E_SHAPE',
    () => wgad.conv2d(x(1, 1, 4, 4), x(1, 1, 0, 0)),
  ],
  [
    'conv2d: stride expects a whole number of at least 1, or two (vertical, horizontal), got 0',
    'E_SHAPE',
    () => wgad.conv2d(x(1, 1, 4, 4), x(1, 1, 3, 3), { stride: 0 }),
  ],
  [
    'conv2d: options expect an object of named settings, got a value [2]',
    'E_CONFIG',
    () => wgad.conv2d(x(1, 1, 4, 4), x(2, 1, 3, 3), x(2) as never),
  ],
  [
    'attention: q and k expect at least one token, got [1, 2, 4] and [1, 0, 4]',
    'E_SHAPE',
    () => wgad.attention(x(1, 2, 4), x(1, 0, 4), x(1, 0, 4), { heads: 1 }),
  ],
  [
    'std: x expects at least two elements to vary, got one along the axes of [1, 3]; unbiased: false takes one',
    'E_SHAPE',
    () => wgad.std(x(1, 3), { axes: [0] }),
  ],
  ['mean: x expects at least one element to reduce, got [2, 0]', 'E_SHAPE', () => wgad.mean(x(2, 0))],
  [
    'gaussianBlur2d: border expects zero or symmetric, got "reflect"',
    'E_CONFIG',
    () => wgad.gaussianBlur2d(x(1, 1, 8, 8), { border: 'reflect' as never }),
  ],
  [
    'crossEntropy: labels expects i32 [4] to match logits [4, 3], got i32 [1]',
    'E_SHAPE',
    () => wgad.crossEntropy(x(4, 3), input('labels', [1], 'i32')),
  ],
  ['linear: bias expects [4], got [2, 1]', 'E_SHAPE', () => wgad.linear(x(2, 3), x(4, 3), x(2, 1))],
  ['topK: x expects f32, got f16; cast it first', 'E_DTYPE', () => wgad.topK(input('h', [2, 5], 'f16'), 2)],
  ['constant: data expects numbers, got "2" at 1', 'E_DTYPE', () => constant([1, '2' as never], [2])],
  [
    'adamw: betas expects two numbers, got [0.9, 0.99, 0.9]',
    'E_CONFIG',
    () => wgad.adamw({ betas: [0.9, 0.99, 0.9] as never }),
  ],
  ['adamw: lr expects a number of at least 0, got NaN', 'E_CONFIG', () => wgad.adamw({ lr: Number.NaN })],
  [
    'kaimingNormalFanOut: shape expects at least 2 axes, got [4]',
    'E_SHAPE',
    () => wgad.kaimingNormalFanOut([4], undefined as never),
  ],
  [
    'random numbers: seed expects a whole number in [0, 2^53), got -1',
    'E_CONFIG',
    () => wgad.initialize([{ name: 'w', shape: [1], init: wgad.zeros, kind: 'parameter' }], -1),
  ],
];

it.each(REFUSED)('%s (%s)', (message, code, call) => {
  expect(call).toThrow(expect.objectContaining({ code, message: expect.stringContaining(message) }));
});
