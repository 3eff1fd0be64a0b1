import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { adamw, avgPool2d, input, mean, relu, topK } from '../../src/index.ts';
import { nearestNames, type OptionNames, refuseExtra, requireOptions } from '../../src/options.ts';
import { checkConfig } from '../../src/run/config.ts';
import type { RunConfig } from '../../src/run/settings.ts';

interface Settings {
  lr: number;
  weightDecay?: number;
  keepDims?: boolean;
  axes?: readonly number[];
}
const SETTINGS: OptionNames<Settings> = { lr: true, weightDecay: true, keepDims: true, axes: true };

it.each([
  ['weight_decay', ['weightDecay']],
  ['weigthDecay', ['weightDecay']],
  ['decay', ['weightDecay']],
  ['keepdim', ['keepDims']],
  ['keep_dims', ['keepDims']],
  ['dim', ['axes']],
  ['axis', ['axes']],
  ['learningRate', ['lr']],
  ['rl', ['lr']],
  ['causal', []],
  ['constructor', []],
])('%s is probably %j', (name, meant) => {
  expect(nearestNames(name, Object.keys(SETTINGS))).toEqual(meant);
});

it('all that are equally near are named', () => {
  expect(nearestNames('transposeC', ['transposeA', 'transposeB'])).toEqual(['transposeA', 'transposeB']);
});

class Misspelt {
  readonly lr = 1;
  get kepDims(): boolean {
    return true;
  }
}

class Named implements Settings {
  readonly lr = 1;
  get keepDims(): boolean {
    return true;
  }
  halved(): Settings {
    return { lr: this.lr / 2 };
  }
}

it.each([
  [{ lr: 1, dim: 1 }, 'f: expects options lr, weightDecay, keepDims, axes, got dim (did you mean axes?)'],
  [{ lr: 1, causal: true, axs: [] }, 'got causal, axs (did you mean axes?)'],
  [Object.create({ kepDims: true }), 'got kepDims (did you mean keepDims?)'],
  [{ lr: 1, [Symbol('axes')]: [] }, 'got Symbol(axes)'],
  [Object.defineProperty({ lr: 1 }, 'dim', { value: 1 }), 'got dim (did you mean axes?)'],
  [new Misspelt(), 'got kepDims (did you mean keepDims?)'],
  [new Map([['lr', 1]]), 'f: options expect an object of named settings, got an object'],
  [null, 'f: options expect an object of named settings, got null'],
  [
    { op: 'input', dtype: 'f32', shape: [2, 3] },
    'f: options expect an object of named settings, got a value [2, 3]',
  ],
])('%j is refused', (options, message) => {
  expect(() => requireOptions('f', options as Settings, SETTINGS)).toThrow(
    expect.objectContaining({ code: 'E_CONFIG', message: expect.stringContaining(message) }),
  );
});

it('known names pass, whatever their values', () => {
  requireOptions('f', { lr: 1, weightDecay: undefined }, SETTINGS);
  requireOptions('f', Object.assign(Object.create(null), { lr: 1 }) as Settings, SETTINGS);
  requireOptions<Settings>('f', new Named(), SETTINGS);
  requireOptions('f', runInNewContext('({ lr: 1 })') as Settings, SETTINGS);
});

it('an argument too many is refused, undefined too', () => {
  refuseExtra('f', []);
  expect(() => refuseExtra('f', [undefined, 3])).toThrow('f: expects no further argument, got undefined, 3');
});

/** What the types refuse too: these lines would not compile without the words above them. */
it.each([
  // @ts-expect-error no option of mean
  () => mean(input('x', [2, 3]), { dim: 1 }),
  // @ts-expect-error an argument too many
  () => topK(input('x', [2, 3]), 1, { largest: false }),
  // @ts-expect-error a position in the place of options, and one too many
  () => avgPool2d(input('x', [1, 1, 4, 4]), 2, 3),
  // @ts-expect-error map gives three arguments
  () => [input('x', [2, 3])].map(relu),
  // @ts-expect-error PyTorch's name
  () => adamw({ weight_decay: 0 }),
])('the types refuse it, and so does the function', (call) => {
  expect(call).toThrow(expect.objectContaining({ code: 'E_CONFIG' }));
});

it("a run's configuration is refused where it has a name that no run has", () => {
  const config = { method: 'draem', widht: 8, causal: true } as unknown as RunConfig;
  expect(() => checkConfig(config)).toThrow(
    expect.objectContaining({
      code: 'E_CONFIG',
      message: expect.stringContaining('expects no widht (did you mean width?); expects no causal; '),
    }),
  );
});
