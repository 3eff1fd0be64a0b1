import { EXIT, type StopCode } from './exitCodes.ts';
import { leave } from './leave.ts';

const CODES: ReadonlyMap<NodeJS.Signals, StopCode> = new Map([
  ['SIGINT', EXIT.interrupted],
  ['SIGTERM', EXIT.terminated],
  ['SIGHUP', EXIT.hungUp],
]);

export interface Interrupt {
  readonly signal: AbortSignal;
  /** The exit code of the signal that came first; undefined before any. */
  readonly code: StopCode | undefined;
  /** There is nothing to save: from now on the first signal ends the process at once. */
  endNow(): void;
  /** From now on SIGHUP runs this instead of stopping the command. */
  onHangUp(body: () => void): void;
}

/**
 * First Ctrl-C, SIGTERM or SIGHUP: finish the step, save, exit 130, 143 or 129. A second signal of any kind: exit at once; files
 * are whole anyway.
 */
export function watchInterrupts(): Interrupt {
  const controller = new AbortController();
  let code: StopCode | undefined;
  let unsaved = true;
  let hangUp: (() => void) | undefined;
  for (const [name, own] of CODES) {
    process.on(name, () => {
      if (name === 'SIGHUP' && hangUp) return hangUp();
      if (!unsaved || code !== undefined) leave(own);
      code = own;
      process.stderr.write('wgad: stopping after this step; once more to stop at once\n');
      controller.abort();
    });
  }
  return {
    signal: controller.signal,
    get code() {
      return code;
    },
    endNow() {
      unsaved = false;
    },
    onHangUp(body) {
      hangUp = body;
    },
  };
}
