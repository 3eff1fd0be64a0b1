import { describe, expect, it } from 'vitest';
import * as wgad from '../../src/index.ts';
import { type Value, WgadError } from '../../src/index.ts';
import { BASELINE_DEVICE } from '../../src/kernels/kernel.ts';
import { product } from '../../src/shape.ts';
import { isNoOp } from './notOps.ts';
import { REFUSED } from './refusals.ts';
import { CALLS, oneWrong } from './wrongArguments.ts';

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
  it.each(CALLS)('a wrong argument of %s is refused by a typed error, or means something', (name, args) => {
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

  it('a wrong argument is tried of every public function', () => {
    const tried = new Set<string>(CALLS.map(([name]) => name));
    const classes = /^[A-Z]/;
    const functions = Object.entries(library).filter(
      ([name, value]) => typeof value === 'function' && !classes.test(name),
    );
    const untried = functions.map(([name]) => name).filter((name) => !tried.has(name) && !isNoOp(name));
    expect(untried).toEqual([]);
  });
});

it.each(REFUSED)('%s (%s)', (message, code, call) => {
  expect(call).toThrow(expect.objectContaining({ code, message: expect.stringContaining(message) }));
});
