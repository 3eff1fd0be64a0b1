import { WgadError } from '../errors.ts';

/** Exit codes; part of the public interface. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  skipped: 3,
  noAdapter: 4,
  device: 5,
  /** 128 and the number of the signal, as shells have it: Ctrl-C, SIGTERM, SIGHUP. */
  interrupted: 130,
  terminated: 143,
  hungUp: 129,
} as const;

export type StopCode = typeof EXIT.interrupted | typeof EXIT.terminated | typeof EXIT.hungUp;

export function exitCodeOf(error: unknown): number {
  if (!(error instanceof WgadError)) return EXIT.failed;
  switch (error.code) {
    case 'E_NO_ADAPTER':
      return EXIT.noAdapter;
    case 'E_DEVICE_LOST':
    case 'E_OUT_OF_MEMORY':
      return EXIT.device;
    case 'E_CONFIG':
      return EXIT.usage;
    default:
      return EXIT.failed;
  }
}
