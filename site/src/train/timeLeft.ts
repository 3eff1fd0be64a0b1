import type { Costs } from '../../../src/train/estimate.ts';
import type { Stage } from '../../../src/train/training.ts';

/** A stage of a training that is ahead or under way, in its order. */
export interface StageWork {
  readonly stage: Stage;
  /** Steps, or images. */
  readonly of: number;
}

/** A rate is believed after so many seconds. */
const SETTLED_S = 3;

/** Tells how long a training will take, from what was measured before and what its steps took. */
export class TimeLeft {
  readonly #work: readonly StageWork[];
  readonly #costs: Costs | undefined;
  #stage: Stage | undefined;
  #from = { done: 0, at: 0 };

  constructor(work: readonly StageWork[], costs: Costs | undefined) {
    this.#work = work;
    this.#costs = costs;
  }

  /** Seconds to the end; undefined where nobody knows. @param now in ms. */
  after(stage: Stage, done: number, now: number): number | undefined {
    if (stage !== this.#stage) {
      this.#stage = stage;
      this.#from = { done, at: now };
    }
    const at = this.#work.findIndex((work) => work.stage === stage);
    let left = 0;
    for (const { stage: each, of } of this.#work.slice(at)) {
      const units = each === stage ? of - done : of;
      const unit = (each === stage ? this.#seen(done, now) : undefined) ?? this.#measured(each);
      if (unit === undefined) return undefined;
      left += units * unit;
    }
    return left;
  }

  /** Seconds of a step of the stage under way. */
  #seen(done: number, now: number): number | undefined {
    const took = (now - this.#from.at) / 1000;
    const steps = done - this.#from.done;
    return took >= SETTLED_S && steps > 0 ? took / steps : undefined;
  }

  #measured(stage: Stage): number | undefined {
    if (!this.#costs) return undefined;
    const { forward, step, heads } = this.#costs;
    if (stage === 'detector') return step;
    return stage === 'features' || stage === 'memory' || stage === 'collect' ? forward : heads;
  }
}
