/** Gathers single items into batches, and works on one batch at a time. */
export interface Gatherer<Item, Result> {
  /** Settles as the item's own result does. */
  put(item: Item): Promise<Result>;
  /** Settles once nothing waits or is worked on. */
  idle(): Promise<void>;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly since: number;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A batch begins when it is full, or when its first item has waited for `waitMs`; while one is worked on, the next gathers.
 * @param work takes at most `most` items and returns a result for each. Where it rejects, all of its items do.
 */
export function gatherer<Item, Result>(options: {
  readonly most: number;
  readonly waitMs: number;
  readonly work: (items: readonly Item[]) => Promise<readonly Result[]>;
}): Gatherer<Item, Result> {
  const { most, waitMs, work } = options;
  const queue: Waiting<Item, Result>[] = [];
  const whenIdle: (() => void)[] = [];
  let timer: NodeJS.Timeout | undefined;
  let working = false;
  const run = async (): Promise<void> => {
    working = true;
    const batch = queue.splice(0, most);
    try {
      const results = await work(batch.map(({ item }) => item));
      for (const [i, { resolve }] of batch.entries()) resolve(results[i]!);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
    working = false;
  };
  const next = (): void => {
    if (working) return;
    clearTimeout(timer);
    timer = undefined;
    const [first] = queue;
    if (!first) {
      for (const tell of whenIdle.splice(0)) tell();
      return;
    }
    const left = first.since + waitMs - performance.now();
    // `run` never rejects; only the promises of its items do.
    if (queue.length >= most || left <= 0) run().then(next, next);
    else timer = setTimeout(next, left);
  };
  return {
    put: (item) =>
      new Promise((resolve, reject) => {
        queue.push({ item, since: performance.now(), resolve, reject });
        next();
      }),
    idle: () =>
      new Promise((settle) => {
        if (!working && queue.length === 0) settle();
        else whenIdle.push(settle);
      }),
  };
}
