import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readWeights } from '../../src/formats/weightsFile.ts';
import { valuesOf } from '../../src/graph/graph.ts';
import { BASELINE_DEVICE } from '../../src/kernels/kernel.ts';
import { DETECTOR_NAMES, DETECTORS } from '../../src/methods/detectors.ts';
import { initialize } from '../../src/nn/init.ts';
import { LOSS_SCALE } from '../../src/nn/lossScale.ts';
import { buildPlan } from '../../src/plan/buildPlan.ts';
import { optimiserOf } from '../../src/run/config.ts';
import { runFiles } from '../../src/run/folder.ts';
import { runLayouts, trainedParts } from '../../src/run/networkLayouts.ts';
import type { RunConfig } from '../../src/run/settings.ts';
import type { Executable } from '../../src/runtime/executable.ts';
import { openSession, type Session } from '../../src/runtime/session.ts';
import { detectorStep, frozenPlan, stepInputs } from '../../src/train/detectorPlans.ts';
import { methodPlans } from '../../src/train/methodPlans.ts';
import { startDetector } from '../../src/train/startDetector.ts';
import { type TrainingWorld, train } from '../../src/train/training.ts';
import { hashed, hashedWeights } from '../models/hashed.ts';
import { SMALL_CONFIG } from '../run/smallConfig.ts';
import { smallRuns } from './smallRuns.ts';

/** The first use of a kernel compiles for seconds on a software adapter. */
const SLOW = 600_000;

const CONFIG: RunConfig = { ...SMALL_CONFIG, batch: 3, iterations: 12, alignIterations: 0 };
const HALF: RunConfig = { ...CONFIG, precision: 'f16' };
const layouts = runLayouts(CONFIG, 1);
const optimiser = optimiserOf(CONFIG);
const images = hashed('images', 3 * 3 * 64 * 64);

describe('a training step in f16', () => {
  let session: Session;
  const compiled = new Map<string, Executable>();
  beforeAll(async () => {
    session = await openSession();
    start();
    for (const [name, config] of [
      ['full', CONFIG],
      ['half', HALF],
    ] as const) {
      compiled.set(name, await session.compile(name, detectorStep(config, layouts)));
    }
  }, SLOW);
  afterAll(() => session.close());

  /** Everything as before the first step. */
  const start = (): void => {
    for (const part of layouts.parts) {
      const specs = [...part.parameters.specs, ...part.buffers.specs];
      session.load(part, part.start === 'seed' ? initialize(specs, 1) : hashedWeights(specs));
    }
    startDetector(session, HALF, layouts, optimiser);
  };
  const kept = (names: readonly string[]) => session.readSlabs(names);
  const [part] = trainedParts(layouts);
  const weights = part!.parameters.name;
  const moments = [`${weights} m`, `${weights} v`];

  async function losses(name: string, inputs: Record<string, Float32Array> = { images }): Promise<number[]> {
    start();
    const found: number[] = [];
    for (let step = 0; step < 12; step++) {
      compiled.get(name)!.run({ ...inputs, ...stepInputs(HALF, optimiser, step) });
      found.push((await compiled.get(name)!.read(['loss'])).get('loss')![0]!);
    }
    return found;
  }

  it(
    'follows the step in f32, has the same bytes again, and from cached features',
    async () => {
      const full = await losses('full');
      const [exact] = (await kept([weights])).values();
      const half = await losses('half');
      const [rounded] = (await kept([weights])).values();
      const tensors = await session.save(part!);
      for (const [i, loss] of half.entries()) {
        expect(Math.abs(loss / full[i]! - 1), `step ${i}: ${loss}, in f32 ${full[i]}`).toBeLessThan(
          i === 0 ? 1e-3 : 0.01,
        );
      }
      expect(half).not.toEqual(full);
      expect(half.at(-1)).toBeLessThan(0.8 * half[0]!);
      start();
      const [before] = (await kept([weights])).values();
      const squares = (from: Float32Array): number =>
        exact!.reduce((sum, value, i) => sum + (value - from[i]!) ** 2, 0);
      // AdamW divides by the gradients' size: those near 0, which f16 rounds most, move weights as far as others.
      expect(squares(rounded!) / squares(before!)).toBeLessThan(0.25);
      const encoder = await session.compile('features', frozenPlan(HALF, layouts));
      encoder.run({ images });
      const features = (await encoder.read()) as Map<string, Float32Array>;
      compiled.set(
        'cached',
        await session.compile('cached', detectorStep(HALF, layouts, optimiser, 'frozen')),
      );
      expect(await losses('cached', Object.fromEntries(features))).toEqual(half);
      expect(await session.save(part!)).toEqual(tensors);
    },
    SLOW,
  );

  it(
    'leaves weights and moments as they are where gradients overflow, and halves the scale',
    async () => {
      start();
      const run = async (scale: number, steps: number) => {
        session.state.set(LOSS_SCALE, Float32Array.of(scale), [1]);
        session.state.set('loss scale steps', Float32Array.of(steps), [1]);
        const before = await kept([weights, ...moments]);
        const half = compiled.get('half')!;
        half.run({ images, ...stepInputs(HALF, optimiser, 0) });
        const out = await half.read();
        expect(Number.isFinite(out.get('loss')![0])).toBe(true);
        const [[next], [good]] = [...(await kept([LOSS_SCALE, 'loss scale steps'])).values()] as [
          Float32Array,
          Float32Array,
        ];
        expect(out.get(LOSS_SCALE)![0]).toBe(next);
        const after = await kept([weights, ...moments]);
        return {
          next,
          good,
          moved: [...after].map(([name, data]) => !data.every((x, i) => x === before.get(name)![i])),
        };
      };
      const still = [false, false, false];
      expect(await run(2 ** 60, 7)).toEqual({ next: 2 ** 59, good: 0, moved: still });
      expect(await run(2 ** 12, 7)).toEqual({ next: 2 ** 12, good: 8, moved: [true, true, true] });
      expect(await run(2 ** 12, 1999)).toEqual({ next: 2 ** 13, good: 0, moved: [true, true, true] });
      // A NaN halves it as well.
      session.state.set(
        layouts.parts[0]!.buffers.name,
        new Float32Array(layouts.parts[0]!.buffers.length).fill(-1),
        [layouts.parts[0]!.buffers.length],
      );
      compiled.get('half')!.run({ images, ...stepInputs(HALF, optimiser, 0) });
      expect((await compiled.get('half')!.read()).get(LOSS_SCALE)![0]).toBe(2 ** 12);
    },
    SLOW,
  );
});

describe('a run in f16', () => {
  const runs = smallRuns('revdist', { align: ['none'], iterations: 13, precision: 'f16' }, SLOW);

  it(
    'a run in f16 that was stopped ends with the bytes of one that was not, and its checkpoint has the scale',
    async () => {
      expect(await runs.train('whole', { resume: false })).toBe(true);
      expect(await runs.train('parts', { resume: false, stop: { stage: 'detector', step: 11 } })).toBe(false);
      const { tensors } = await readWeights(runFiles(runs.folder('parts')).checkpoint);
      expect(tensors.get(LOSS_SCALE)!.data).toEqual(Float32Array.of(2 ** 16));
      expect(tensors.get('loss scale steps')!.data[0]).toBeGreaterThan(0);
      expect(await runs.train('parts', { resume: true })).toBe(true);
      expect((await runs.weights('parts')).equals(await runs.weights('whole'))).toBe(true);
    },
    SLOW,
  );

  it('training in f16 is refused where the adapter has no shader-f16, and says what to do', async () => {
    const gpu = { facts: { ...BASELINE_DEVICE, f16: false }, adapter: { name: 'card' } };
    const world = { tiles: { train: [], classes: ['a'] } } as unknown as TrainingWorld;
    await expect(train({ gpu } as unknown as Session, world, { config: HALF })).rejects.toMatchObject({
      code: 'E_DTYPE',
      message: expect.stringContaining(
        "training with --precision f16 stores f16, which needs WebGPU's shader-f16",
      ),
      fix: expect.stringContaining('use --precision f32, or another adapter'),
    });
  });
});

describe.each(DETECTOR_NAMES.filter((name) => DETECTORS[name].defaults.iterations !== 0))('%s', (method) => {
  it('a training step in f16 takes less memory, and keeps weights and moments as f32', () => {
    const encoder = method === 'draem' ? 'none' : 'resnet18_w16';
    const size = Math.min(128, DETECTORS[method].defaults.size);
    const [bytes, plans] = [new Map<string, number>(), { method, encoder, batch: 2, size } as const];
    for (const precision of ['f32', 'f16'] as const) {
      const step = methodPlans({ ...plans, precision })
        .find(({ name }) => name === 'training')!
        .graph();
      for (const value of valuesOf(step)) if (value.op === 'state') expect(value.dtype).toBe('f32');
      const plan = buildPlan(step, { ...BASELINE_DEVICE, f16: true, maxBindingBytes: 2 ** 31 });
      bytes.set(precision, plan.memory.arenas);
    }
    expect(bytes.get('f16')! / bytes.get('f32')!).toBeLessThan(0.9);
  });
});
