/**
 * While anything is awaited, Dawn's Node module asks for it at every turn of the event loop, through the global
 * `setImmediate`, and spends a whole core on asking. On a software adapter that is one of the cores that compute: a
 * training step on two took 1.5 times as long. So its calls, which alone hand over a native function, get a pause between
 * them once a wait has lasted a while. All other calls go through as they are.
 */

/** Milliseconds between two questions: the shortest that a timer can do. */
const PAUSE_MS = 1;
/** Milliseconds of a wait without pauses. Hardware mostly answers within; a software adapter needs the core. */
const EAGER_MS = { hardware: 20, software: 0.2 } as const;

interface Calm {
  eager: number;
}
/** On the function itself: two copies of this module in one process must not pause twice. */
const CALM = Symbol.for('wgad.polling');
type Immediate = typeof setImmediate & { [CALM]?: Calm };

/** Before the native module waits for the first time; again does nothing. Node only. */
export function calmPolling(): void {
  const plain: Immediate = setImmediate;
  if (plain[CALM]) return;
  const state: Calm = { eager: EAGER_MS.hardware };
  let asking = false;
  let began = 0;
  const calm = <T extends unknown[]>(callback: (...args: T) => void, ...args: T): unknown => {
    if (args.length > 0 || !isNative(callback)) return plain(callback, ...args);
    // A question that asks for the next one belongs to the same wait.
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

/** Says what kind of adapter is waited for. */
export function pollingFor(software: boolean): void {
  const state = (globalThis as { setImmediate?: Immediate }).setImmediate?.[CALM];
  if (state) state.eager = software ? EAGER_MS.software : EAGER_MS.hardware;
}

const isNative = (callback: unknown): boolean =>
  Function.prototype.toString.call(callback).endsWith('{ [native code] }');
