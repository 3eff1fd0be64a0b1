/**
 * While anything is awaited, Dawn's Node module polls at every turn of the event loop, through the global
 * `setImmediate`, and keeps a whole core busy. On a software adapter that core is needed to compute: a training step on
 * two cores took 1.5 times as long. So its calls, the only ones that pass a native function, are delayed once a wait
 * has lasted a while. All other calls are unchanged.
 */

/** Milliseconds between two polls: the shortest delay of a timer. */
const PAUSE_MS = 1;
/** Milliseconds of polling without delay. Hardware is mostly done within this time; a software adapter needs the core. */
const EAGER_MS = { hardware: 20, software: 0.2 } as const;

interface Calm {
  eager: number;
}
/** Marks the function itself: two copies of this module in one process must not delay twice. */
const CALM = Symbol.for('wgad.polling');
type Immediate = typeof setImmediate & { [CALM]?: Calm };

/** Call it before the native module first waits; later calls do nothing. Node only. */
export function calmPolling(): void {
  const plain: Immediate = setImmediate;
  if (plain[CALM]) return;
  const state: Calm = { eager: EAGER_MS.hardware };
  let asking = false;
  let began = 0;
  const calm = <T extends unknown[]>(callback: (...args: T) => void, ...args: T): unknown => {
    if (args.length > 0 || !isNative(callback)) return plain(callback, ...args);
    // A poll that schedules the next one belongs to the same wait.
    if (!asking) began = performance.now();
    const ask = (): void => {
      asking = true;
      try {
        (callback as () => void)();
      } finally {
        asking = false;
      }
    };
    return performance.now() - began < state.eager ? plain(ask) : setTimeout(ask, PAUSE_MS);
  };
  globalThis.setImmediate = Object.assign(calm, plain, { [CALM]: state }) as unknown as Immediate;
}

/** Sets the kind of adapter that is polled. */
export function pollingFor(software: boolean): void {
  const state = (globalThis as { setImmediate?: Immediate }).setImmediate?.[CALM];
  if (state) state.eager = software ? EAGER_MS.software : EAGER_MS.hardware;
}

const isNative = (callback: unknown): boolean =>
  Function.prototype.toString.call(callback).endsWith('{ [native code] }');
