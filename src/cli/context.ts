import type { Profiler } from '../runtime/profiler.ts';
import type { GpuRequest } from '../runtime/session.ts';

/** What every verb gets beside its own arguments. */
export interface Context {
  readonly gpu: GpuRequest;
  readonly seed: number;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** Aborted at the first Ctrl-C. */
  readonly signal: AbortSignal;
  /** There is no state to save: from now on the first signal ends the process at once. */
  endAtSignal(): void;
  /** From now on SIGHUP runs this instead of stopping the command. */
  onHangUp(body: () => void): void;
  /** Machine-readable results, on stdout only with --json. */
  result(value: unknown, text: string): void;
  /**
   * One of many lines on stdout; await it before the next. False once the reader has closed the pipe (`| head`): work
   * that is only printed may stop.
   */
  line(text: string): Promise<boolean>;
  /** Messages for the user, on stderr. */
  say(text: string): void;
  progress(label: string): Progress;
  /**
   * Runs another command line with the flags of this one, its devices profiled. Its result goes to `onResult` as the
   * value of `result` where --json was given, else to stdout as ever. @returns its exit code.
   */
  inside(args: readonly string[], profiler: Profiler, onResult: (value: unknown) => void): Promise<number>;
}

/** A bar on a terminal, a plain line at most every 5 s elsewhere, nothing with --quiet. */
export interface Progress {
  update(done: number, total: number, note?: string): void;
  finish(): void;
}
