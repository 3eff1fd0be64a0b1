import type { ChildProcess } from 'node:child_process';
import type { RandomStream } from '../../src/random.ts';
import type { Finished } from '../cli/wgad.ts';

export const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
export type Signal = keyof typeof SIGNALS;
/** ms between the first signal and the second, at most. */
const LATER = 300;

/** How a process is ended from outside: by SIGKILL, one signal, or two. */
export interface Ending {
  readonly name: string;
  readonly signals: readonly NodeJS.Signals[];
  /** ms from the first signal to the second. */
  readonly later: number;
}

/** Every third ending is a kill, one signal, two signals. */
export function endingFor(i: number, random: RandomStream, names: readonly Signal[]): Ending {
  const any = (): Signal => names[random.integer(names.length)]!;
  const later = Math.round(random.next() * LATER);
  const signals = ([['SIGKILL'], [any()], [any(), any()]] as const)[i % 3]!;
  return { name: signals.join(` and, ${later} ms later, `), signals, later };
}

/** Sends the signals. @returns how the process then ended. */
export async function endBy(
  { signals: [first, second], later }: Ending,
  child: ChildProcess,
  done: Promise<Finished>,
): Promise<Finished> {
  child.kill(first);
  const timer = second && setTimeout(() => child.kill(second), later);
  const finished = await done;
  clearTimeout(timer);
  return finished;
}

/**
 * What is wrong with how a process ended by `ending` went, or null: the exit code of one of its signals, or `whenDone`.
 * Before the program is loaded the system ends the process: a shell reads the same numbers.
 */
export function wrongExit(
  { signals }: Ending,
  child: ChildProcess,
  { code, stderr }: Finished,
  whenDone: readonly number[],
): string | null {
  const codes = signals.flatMap((name) => (name in SIGNALS ? [SIGNALS[name as Signal]] : []));
  if (child.signalCode !== null && signals.includes(child.signalCode)) return null;
  if (code !== null && [...whenDone, ...codes].includes(code)) return null;
  return `exit ${code ?? child.signalCode}: ${stderr.slice(-300)}`;
}
