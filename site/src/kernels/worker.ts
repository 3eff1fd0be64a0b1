/** The engine of the Kernels page. */
import { percentile, SAMPLE_MS } from '../../../src/bench/sampler.ts';
import { CHECKS } from '../../../src/doctor/checks.ts';
import { runCheck } from '../../../src/doctor/runCheck.ts';
import { buildPlan } from '../../../src/plan/buildPlan.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { RandomStream } from '../../../src/random.ts';
import { compilePlan, type Executable } from '../../../src/runtime/executable.ts';
import { idle } from '../../../src/runtime/gpu.ts';
import { openSession, type Session } from '../../../src/runtime/session.ts';
import { product } from '../../../src/shape.ts';
import { answerCalls, tell } from '../remote.ts';
import type { CheckEvent, CompilerMessage, DeviceFactsShown, KernelShown, Trial } from './messages.ts';
import { graphOf, SUBJECTS, type Subject } from './subjects.ts';

let open: Promise<Session> | null = null;
/** After an error of the device nothing on it can be trusted: the next call opens another. */
async function onDevice<T>(work: (session: Session) => Promise<T>): Promise<T> {
  open ??= openSession();
  try {
    return await work(await open);
  } catch (error) {
    const broken = open;
    open = null;
    await broken.then((session) => session.close()).catch(() => {});
    throw error;
  }
}

const planOf = (subject: Subject, { gpu }: Session): Plan =>
  buildPlan(graphOf(subject), gpu.facts, {
    label: subject.name,
    maxBufferBytes: gpu.device.limits.maxBufferSize,
  });

/** float32 sums in another order stay below this. */
const MOST_DIFFERENCE = 1e-4;
const ROUNDS = 21;

const methods = {
  device: (): Promise<DeviceFactsShown> =>
    onDevice(async ({ gpu: { adapter, adapterLimits, facts, device } }) => ({
      name: adapter.name + (adapter.software ? ' (software)' : ''),
      software: adapter.software,
      facts: [
        ['vendor', adapter.vendor || 'unknown'],
        ['architecture', adapter.architecture || 'unknown'],
        [
          'subgroups',
          facts.subgroupSize > 0 ? `of ${facts.subgroupSize} lanes` : 'not used: absent, or of varying size',
        ],
        ['f16', facts.f16 ? 'yes' : 'no'],
        ['timestamps', device.features.has('timestamp-query') ? 'yes' : 'no'],
        ['workgroup', `${facts.maxWorkgroupInvocations} invocations, ${facts.workgroupBytes} bytes`],
        ['largest binding', `${(facts.maxBindingBytes / 2 ** 20).toFixed(0)} MiB`],
        ['largest buffer', `${(device.limits.maxBufferSize / 2 ** 20).toFixed(0)} MiB`],
      ],
      limits: Object.entries(adapterLimits).sort(([a], [b]) => (a < b ? -1 : 1)),
    })),

  /** Runs the checks of `wgad doctor` and tells each finding. */
  check: (): Promise<void> =>
    onDevice(async (session) => {
      for (const [i, check] of CHECKS.entries()) {
        for (const finding of await runCheck(session, check)) {
          tell({ finding, done: i + 1, of: CHECKS.length } satisfies CheckEvent);
        }
      }
    }),

  kernels: (which: number): Promise<KernelShown[]> =>
    onDevice(async (session) =>
      planOf(SUBJECTS[which]!, session).dispatches.map(({ kernel }) => ({
        label: kernel.label,
        wgsl: kernel.wgsl,
        grid: kernel.grid,
        bindings: kernel.bindings.map(
          ({ name, access, element, length }) => `${name}: ${access}, ${length} of ${element}`,
        ),
      })),
    ),

  /** Puts a text in the place of one kernel: compiles it, compares results with ours, and only then takes times. */
  attempt: (
    which: number,
    place: number,
    wgsl: string,
    grid: readonly [number, number, number],
  ): Promise<Trial> =>
    onDevice(async (session) => {
      const { gpu, state } = session;
      const messages = await messagesOf(gpu.device, wgsl);
      if (messages.some(({ type }) => type === 'error')) return { kind: 'refused', messages };
      const subject = SUBJECTS[which]!;
      const plan = planOf(subject, session);
      const changed: Plan = {
        ...plan,
        dispatches: plan.dispatches.map((dispatch, i) =>
          i === place ? { ...dispatch, kernel: { ...dispatch.kernel, wgsl, grid, own: true } } : dispatch,
        ),
      };
      const ours = await compilePlan(gpu, plan, state);
      try {
        const own = await compilePlan(gpu, changed, state);
        try {
          const inputs = drawn(subject);
          const [want, got] = [await resultOf(ours, inputs), await resultOf(own, inputs)];
          const { difference, text } = compared(want, got);
          if (!(difference <= MOST_DIFFERENCE)) return { kind: 'wrong', text };
          return { kind: 'right', difference, messages, ...(await byTurns(session, ours, own)) };
        } finally {
          own.destroy(null);
        }
      } finally {
        ours.destroy();
      }
    }),
};

export type KernelMethods = typeof methods;
answerCalls(methods);

async function messagesOf(device: GPUDevice, code: string): Promise<CompilerMessage[]> {
  device.pushErrorScope('validation');
  const { messages } = await device.createShaderModule({ code }).getCompilationInfo();
  await device.popErrorScope();
  return messages.map(({ type, lineNum, linePos, message }) => ({
    type,
    line: lineNum,
    column: linePos,
    text: message,
  }));
}

const drawn = ({ inputs }: Subject): Record<string, Float32Array> =>
  Object.fromEntries(
    Object.entries(inputs).map(([name, shape], i) => {
      const random = new RandomStream(7, i);
      return [name, Float32Array.from({ length: product(shape) }, () => random.between(-2, 2))];
    }),
  );

async function resultOf(executable: Executable, inputs: Record<string, Float32Array>): Promise<Float32Array> {
  executable.run(inputs);
  return (await executable.read()).get('out') as Float32Array;
}

/** Where the results lie farthest apart. */
function compared(want: Float32Array, got: Float32Array): { difference: number; text: string } {
  const largest = want.reduce((most, value) => Math.max(most, Math.abs(value)), Number.MIN_VALUE);
  let [worst, at] = [0, 0];
  for (const [i, value] of want.entries()) {
    const off = Math.abs(got[i]! - value) / largest;
    // A NaN is as wrong as can be.
    const seen = Number.isNaN(off) ? Number.POSITIVE_INFINITY : off;
    if (seen > worst) [worst, at] = [seen, i];
  }
  return { difference: worst, text: `element ${at} is ${got[at]}, ours is ${want[at]}` };
}

/** Both in turn, ours first in every other round, so that what else the machine does meets both. */
async function byTurns(session: Session, ours: Executable, own: Executable) {
  const once = async (executable: Executable, repeats: number): Promise<number> => {
    const started = performance.now();
    for (let i = 0; i < repeats; i++) executable.run();
    await idle(session.gpu);
    return (performance.now() - started) / repeats;
  };
  for (const each of [ours, own]) await once(each, 2);
  const repeats = Math.max(1, Math.min(1000, Math.ceil(SAMPLE_MS / (await once(ours, 2)))));
  const pairs: [ours: number, own: number][] = [];
  for (let round = 0; round < ROUNDS; round++) {
    if (round % 2 === 0) pairs.push([await once(ours, repeats), await once(own, repeats)]);
    else {
      const second = await once(own, repeats);
      pairs.push([await once(ours, repeats), second]);
    }
  }
  const ratios = pairs.map(([a, b]) => b / a);
  const ratio = [0.1, 0.5, 0.9].map((share) => percentile(ratios, share)) as [number, number, number];
  return {
    ours: percentile(
      pairs.map(([ms]) => ms),
      0.5,
    ),
    own: percentile(
      pairs.map(([, ms]) => ms),
      0.5,
    ),
    ratio,
    rounds: ROUNDS,
  };
}
