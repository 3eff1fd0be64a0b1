import { useCallback, useEffect, useRef, useState } from 'preact/hooks';

/** Work in steps, each a call of the worker, so that it can be stopped between two. */
export interface Steps {
  readonly running: boolean;
  readonly done: number;
  readonly of: number;
  /** @param step does one of them. Resolves when all are done or it was stopped; rejects with what a step throws. */
  run(of: number, step: (i: number) => Promise<void>): Promise<void>;
  /** The step that is under way still ends. */
  stop(): void;
}

export function useSteps(): Steps {
  const [state, setState] = useState({ running: false, done: 0, of: 0 });
  const stopped = useRef(false);
  const stop = useCallback(() => {
    stopped.current = true;
  }, []);
  useEffect(() => stop, [stop]);
  const run = useCallback(async (of: number, step: (i: number) => Promise<void>) => {
    stopped.current = false;
    setState({ running: true, done: 0, of });
    try {
      for (let i = 0; i < of && !stopped.current; i++) {
        await step(i);
        setState({ running: true, done: i + 1, of });
      }
    } finally {
      setState((before) => ({ ...before, running: false }));
    }
  }, []);
  return { ...state, run, stop };
}
