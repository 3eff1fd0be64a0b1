/** Calls between a page and its worker: what a method of the worker returns or throws comes back as a promise. */
import { WgadError } from '../../src/errors.ts';

type Method = (...args: never[]) => unknown;
type Methods = Readonly<Record<string, Method>>;

/** The same methods as seen from the other side. */
export type Remote<M> = {
  readonly [K in keyof M]: M[K] extends (...args: infer A) => infer R
    ? (...args: A) => Promise<Awaited<R>>
    : never;
};

interface Call {
  readonly id: number;
  readonly method: string;
  readonly args: readonly unknown[];
}

/** What is told of an error on the other side. */
export interface Failure {
  readonly message: string;
  /** As in docs/errors.md; null for an error that is none of wgad's. */
  readonly code: string | null;
  readonly fix: string | null;
}

type Answer = { readonly id: number } & (
  | { readonly value: unknown }
  | { readonly failure: Failure }
  | { readonly event: unknown }
);

/** An error of the worker. */
class RemoteError extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}

export function failureOf(error: unknown): Failure {
  if (error instanceof RemoteError) return error.failure;
  if (error instanceof WgadError) {
    return { message: error.message, code: error.code, fix: error.fix ?? null };
  }
  return { message: error instanceof Error ? error.message : String(error), code: null, fix: null };
}

/** In a worker: answers calls of the page, in the order in which they come. */
export function answerCalls(methods: Methods): void {
  const port = self as unknown as {
    onmessage: ((event: MessageEvent<Call>) => void) | null;
    postMessage(answer: Answer): void;
  };
  let before: Promise<unknown> = Promise.resolve();
  port.onmessage = ({ data: { id, method, args } }) => {
    before = before
      .then(() => (methods[method] as (...args: readonly unknown[]) => unknown)(...args))
      .then(
        (value) => port.postMessage({ id, value }),
        (error: unknown) => port.postMessage({ id, failure: failureOf(error) }),
      );
  };
}

/** In a worker: tells the page of something that it did not ask for. */
export function tell(event: unknown): void {
  (self as unknown as { postMessage(answer: Answer): void }).postMessage({ id: 0, event });
}

/** In a page. @param start starts the worker. @param onEvent gets what the worker tells on its own. */
export function remoteOf<M>(
  start: () => Worker,
  onEvent: (event: unknown) => void = () => {},
): {
  readonly remote: Remote<M>;
  /** Leaves the worker to what it is doing, and starts another: calls that wait are rejected with this. */
  replace(failure: Failure): void;
} {
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let last = 0;
  const rejectAll = (failure: Failure): void => {
    for (const { reject } of waiting.values()) reject(new RemoteError(failure));
    waiting.clear();
  };
  const begun = (): Worker => {
    const worker = start();
    worker.onmessage = ({ data }: MessageEvent<Answer>) => {
      if ('event' in data) return onEvent(data.event);
      const call = waiting.get(data.id);
      waiting.delete(data.id);
      if ('value' in data) call?.resolve(data.value);
      else call?.reject(new RemoteError(data.failure));
    };
    worker.onerror = ({ message }) =>
      rejectAll({ message: `the worker ended: ${message}`, code: null, fix: 'reload the page' });
    return worker;
  };
  let worker = begun();
  // Never ended: its device would wait for the GPU, and WebGPU in all tabs with it.
  const left: Worker[] = [];
  const replace = (failure: Failure): void => {
    worker.onmessage = null;
    worker.onerror = null;
    left.push(worker);
    worker = begun();
    rejectAll(failure);
  };
  const remote = new Proxy({} as Remote<M>, {
    get:
      (_, method: string) =>
      (...args: unknown[]) =>
        new Promise((resolve, reject) => {
          last += 1;
          waiting.set(last, { resolve, reject });
          worker.postMessage({ id: last, method, args } satisfies Call);
        }),
  });
  return { remote, replace };
}
