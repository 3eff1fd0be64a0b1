/** Bytes that decodes may hold at once, over all threads of the process: one image of the largest kind that is read. */
const MOST = 512 * 2 ** 20;

/** Gives shares of the memory for decoding, in the order asked for. */
export interface DecodeBudget {
  /**
   * Waits for this many bytes, or for all: then no other image is being decoded. @returns a function that gives them
   * back.
   */
  take(bytes: number | 'all'): Promise<() => void>;
}

/** First come, first served: no request overtakes a large one that waits. */
export function decodeBudget(most = MOST): DecodeBudget {
  let held = 0;
  const queue: { readonly bytes: number; readonly grant: () => void }[] = [];
  const next = (): void => {
    while (queue.length > 0 && held + queue[0]!.bytes <= most) {
      const { bytes, grant } = queue.shift()!;
      held += bytes;
      grant();
    }
  };
  return {
    take(asked) {
      // A request for more than the budget gets all of it.
      const bytes = asked === 'all' ? most : Math.min(most, Math.max(1, asked));
      return new Promise((resolve) => {
        const release = (): void => {
          held -= bytes;
          next();
        };
        queue.push({ bytes, grant: () => resolve(release) });
        next();
      });
    },
  };
}

/** The process's own. */
export const processBudget = decodeBudget();
