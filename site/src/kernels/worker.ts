/** The engine of the Kernels page. */
import { alternate, duel, type Side } from '../../../src/bench/alternate.ts';
import type { KernelCase } from '../../../src/bench/cases.ts';
import { type DeviceClock, deviceClock } from '../../../src/bench/deviceClock.ts';
import { differenceText, requireEqual } from '../../../src/bench/difference.ts';
import { benchKernels, chooseCases } from '../../../src/bench/kernels.ts';
import { measure, measureByTurns } from '../../../src/bench/measure.ts';
import { NETWORKS } from '../../../src/bench/networks.ts';
import {
  type BenchDevice,
  type BenchSubject,
  operationGraph,
  operationPlan,
  type PreparedOperation,
  prepareOperation,
} from '../../../src/bench/operation.ts';
import { measurePace } from '../../../src/bench/pace.ts';
import type { Pace } from '../../../src/bench/planCase.ts';
import type { BenchRecord } from '../../../src/bench/record.ts';
import { subjectOf } from '../../../src/cli/opCall.ts';
import { CHECKS } from '../../../src/doctor/checks.ts';
import type { Finding } from '../../../src/doctor/finding.ts';
import { runCheck } from '../../../src/doctor/runCheck.ts';
import { ConfigError, GpuError, WgadError, WrongResultError } from '../../../src/errors.ts';
import { candidateChoices, choiceText, type ProductChoice } from '../../../src/kernels/gemm/choices.ts';
import { productsOf } from '../../../src/plan/buildPlan.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { adapterName } from '../../../src/runtime/gpu.ts';
import { openSession, type Session } from '../../../src/runtime/session.ts';
import { VERSION } from '../../../src/version.ts';
import { answerCalls } from '../remote.ts';
import type {
  CaseChoice,
  Change,
  Clock,
  CompilerMessage,
  DeviceFactsShown,
  KernelShown,
  MeasuredOps,
  OpLine,
  Start,
  Trial,
  VariantShown,
} from './messages.ts';

interface Open {
  readonly session: Session;
  readonly clock: DeviceClock;
  pace?: Pace;
}
let open: Promise<Open> | null = null;

async function opened(): Promise<Open> {
  const clock = deviceClock();
  return { session: await openSession({ profiler: clock.profiler }), clock };
}

/** After an error of the device nothing on it can be trusted: the next call opens another. */
async function onDevice<T>(work: (open: Open) => Promise<T>): Promise<T> {
  open ??= opened();
  try {
    return await work(await open);
  } catch (error) {
    if (error instanceof WgadError && !(error instanceof GpuError)) throw error;
    const broken = open;
    open = null;
    await broken.then(({ session }) => session.close()).catch(() => {});
    throw error;
  }
}

const paceOf = async (each: Open): Promise<Pace> => (each.pace ??= await measurePace(each.session));

const deviceOf = ({ session, clock }: Open, choice: ProductChoice | null = null): BenchDevice => ({
  gpu: session.gpu,
  clock,
  ...(choice && { tuned: { choose: () => choice, known: () => true, hash: null } }),
});

/** As `wgad bench` stamps records: here the commit is that of the pages. */
const stamped = (record: BenchRecord): BenchRecord => ({
  ...record,
  version: VERSION,
  ...(import.meta.env.VITE_COMMIT && { commit: import.meta.env.VITE_COMMIT as string }),
});

const subject = ({ call, pass }: OpLine): BenchSubject => subjectOf('the call', call, pass);

/** Those that were asked for last. */
let cases: readonly KernelCase[] = [];

/** Rounds by turns, of 20 ms or one run each. */
const ROUNDS = 21;

const methods = {
  device: (): Promise<DeviceFactsShown> =>
    onDevice(async ({ session: { gpu } }) => {
      const { adapter, adapterLimits, facts, device } = gpu;
      const timestamps = device.features.has('timestamp-query');
      return {
        name: adapterName(gpu),
        software: adapter.software,
        f16: facts.f16,
        timestamps,
        networks: NETWORKS,
        facts: [
          ['vendor', adapter.vendor || 'unknown'],
          ['architecture', adapter.architecture || 'unknown'],
          [
            'subgroups',
            facts.subgroupSize > 0
              ? `of ${facts.subgroupSize} lanes`
              : 'not used: absent, or of varying size',
          ],
          ['f16', facts.f16 ? 'yes' : 'no'],
          ['timestamps', timestamps ? 'yes' : 'no'],
          ['workgroup', `${facts.maxWorkgroupInvocations} invocations, ${facts.workgroupBytes} bytes`],
          ['largest binding', `${(facts.maxBindingBytes / 2 ** 20).toFixed(0)} MiB`],
          ['largest buffer', `${(device.limits.maxBufferSize / 2 ** 20).toFixed(0)} MiB`],
        ],
        limits: Object.entries(adapterLimits).sort(([a], [b]) => (a < b ? -1 : 1)),
      };
    }),

  /** How many checks `wgad doctor` has. */
  checks: (): number => CHECKS.length,
  check: (i: number): Promise<Finding[]> => onDevice(({ session }) => runCheck(session, CHECKS[i]!)),

  /** @param again measured before or not */
  pace: (again: boolean): Promise<Pace> =>
    onDevice(async (each) => {
      if (again) each.pace = undefined;
      return paceOf(each);
    }),

  /** As `wgad bench op` measures a call, or two by turns. */
  measureOps: (first: OpLine, second: OpLine | null, samples: number): Promise<MeasuredOps> =>
    onDevice(async (each) => {
      const options = { pace: await paceOf(each), samples };
      const device = deviceOf(each);
      if (!second) return { records: [stamped(await measure(device, subject(first), options))] };
      const both = [subject(first), subject(second)] as const;
      const { records, difference } = await measureByTurns(device, both, options);
      return { records: records.map(stamped), note: differenceText(difference) };
    }),

  /** Titles of the cases that `wgad bench kernels` would measure; they are measured one by one. */
  cases: ({ filter, ...choice }: CaseChoice): Promise<string[]> =>
    onDevice(async ({ session }) => {
      cases = chooseCases(session, { ...choice, ...(filter && { filter: regular(filter) }) });
      return cases.map(({ name }) => name);
    }),
  measureCase: (i: number): Promise<BenchRecord> =>
    onDevice(async (each) => {
      const { session, clock } = each;
      const [record] = await benchKernels(session, [cases[i]!], { pace: await paceOf(each), clock });
      return stamped(record!);
    }),

  /** The kernels of a call, in the order in which they run. */
  kernels: (start: Start): Promise<KernelShown[]> =>
    onDevice(async (each) => {
      const { dispatches, prelude } = operationPlan(deviceOf(each, start.choice), subject(start));
      return dispatches.map(({ kernel }, i) => ({
        label: kernel.label,
        wgsl: kernel.wgsl,
        grid: kernel.grid,
        bindings: kernel.bindings.map(
          ({ name, access, element, length }) => `${name}: ${access}, ${length} of ${element}`,
        ),
        ahead: i < prelude,
      }));
    }),

  /** The ways in which a call's products can be computed here, each with other kernels than those before. */
  variants: (line: OpLine): Promise<VariantShown[]> =>
    onDevice(async (each) => {
      const { facts } = each.session.gpu;
      const planned = (choice: ProductChoice | null): string =>
        textOf(operationPlan(deviceOf(each, choice), subject(line)));
      const seen = new Set([planned(null)]);
      const ops = new Set(productsOf(operationGraph(subject(line)).graph, facts).map(({ op }) => op));
      return [...ops]
        .flatMap((op) => candidateChoices(op, facts).flat())
        .filter((choice) => {
          const text = planned(choice);
          const isNew = !seen.has(text);
          seen.add(text);
          return isNew;
        })
        .map((choice) => ({ text: choiceText(choice), choice }));
    }),

  /** Puts a text in the place of one kernel: compiles it, compares results with ours, and only then takes times. */
  attempt: (start: Start, { place, wgsl, grid }: Change, clock: Clock): Promise<Trial> =>
    onDevice(async (each) => {
      const messages = await messagesOf(each.session.gpu.device, wgsl);
      if (messages.some(({ type }) => type === 'error')) return { kind: 'refused', messages };
      const device = deviceOf(each, start.choice);
      // What runs ahead otherwise is run and timed each time where it is the kernel in question.
      const whole = (plan: Plan): Plan => (place < plan.prelude ? { ...plan, prelude: 0 } : plan);
      const changed = (plan: Plan): Plan => ({
        ...whole(plan),
        dispatches: plan.dispatches.map((dispatch, i) =>
          i === place ? { ...dispatch, kernel: { ...dispatch.kernel, wgsl, grid, own: true } } : dispatch,
        ),
      });
      const ours = await prepareOperation(device, subject(start), whole);
      try {
        const own = await prepareOperation(device, subject(start), changed);
        try {
          const difference = await differenceFrom(ours, own);
          if (typeof difference === 'string') return { kind: 'wrong', text: difference };
          return { kind: 'right', difference, messages, ...(await byTurns(device, ours, own, clock)) };
        } finally {
          own.destroy();
        }
      } finally {
        ours.destroy();
      }
    }),
};

export type KernelMethods = typeof methods;
answerCalls(methods);

function regular(source: string): RegExp {
  try {
    return new RegExp(source);
  } catch (cause) {
    throw new ConfigError(`the filter is no regular expression: ${(cause as Error).message}`, { cause });
  }
}

const textOf = ({ dispatches }: Plan): string =>
  JSON.stringify(dispatches.map(({ kernel: { wgsl, grid } }) => [wgsl, grid]));

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

/** The largest difference of two subjects' results, or what is wrong with it in words. */
async function differenceFrom(ours: PreparedOperation, own: PreparedOperation): Promise<number | string> {
  const want = await ours.results();
  const got = await own.results();
  try {
    return Math.max(
      ...got.map((result, i) =>
        requireEqual(`the result ${result.name}`.trimEnd(), 'ours', result, want[i]!.data),
      ),
    );
  } catch (error) {
    if (error instanceof WrongResultError) return error.message;
    throw error;
  }
}

type Timed = Pick<Extract<Trial, { kind: 'right' }>, 'duel' | 'rounds' | 'clock' | 'note'>;

/** By timestamps where they are asked for and fine enough, else by the wall's clock. */
async function byTurns(
  device: BenchDevice,
  ours: PreparedOperation,
  own: PreparedOperation,
  clock: Clock,
): Promise<Timed> {
  if (clock === 'timestamps') {
    const stamps = ({ executable }: PreparedOperation): Side => ({
      repeats: 1,
      async once() {
        const { gpuMs } = await device.clock!.time(device.gpu, executable);
        if (typeof gpuMs !== 'number') throw new TooShort();
        return gpuMs;
      },
    });
    try {
      return { duel: await duel([stamps(ours), stamps(own)], ROUNDS), rounds: ROUNDS, clock };
    } catch (error) {
      if (!(error instanceof TooShort)) throw error;
    }
  }
  const note = 'the dispatches are too short for the steps of this device’s timestamps';
  return {
    duel: await alternate(ours.replays, own.replays, ROUNDS),
    rounds: ROUNDS,
    clock: 'wall',
    ...(clock === 'timestamps' && { note }),
  };
}

class TooShort extends Error {}
