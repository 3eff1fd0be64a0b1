/** Faults of threads that run machine code. */
const FAULTS = ['SIGSEGV', 'SIGBUS', 'SIGILL', 'SIGFPE'] as const;

/**
 * Ends the process now, with this code whatever the driver is at. `exit` clears the driver's libraries away while its own
 * threads may still compile a kernel in them. They then fault, and the process would die of that instead (exit 139, in
 * 7 of 50 tries). With a handler in place the thread that faults comes no further, and the code is ours.
 */
export function leave(code: number): never {
  if (process.platform !== 'win32') for (const fault of FAULTS) process.on(fault, () => {});
  process.exit(code);
}
