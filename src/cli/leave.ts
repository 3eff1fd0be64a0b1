/** Signals of faults in native threads. */
const FAULTS = ['SIGSEGV', 'SIGBUS', 'SIGILL', 'SIGFPE'] as const;

/**
 * Ends the process now with this code, even while the driver is busy. `exit` unloads the driver's libraries while its
 * threads may still be compiling a kernel. These then fault, and the process would die with exit 139 (in 7 of 50
 * tries). With a handler in place the faulting thread stops there, and our exit code holds.
 */
export function leave(code: number): never {
  if (process.platform !== 'win32') for (const fault of FAULTS) process.on(fault, () => {});
  process.exit(code);
}
