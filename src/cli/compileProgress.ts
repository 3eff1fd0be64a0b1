import type { CompileWatcher } from '../runtime/gpu.ts';
import type { Progress } from './context.ts';

/** Kernels from a driver's disk cache load within this time, so no progress is shown before. */
const PATIENCE_MS = 2000;

/** Shows how far a plan's kernels are compiled where that takes long: nothing else can be shown until they are. */
export function watchCompiling(
  progress: (label: string) => Progress,
  now: () => number = () => performance.now(),
): CompileWatcher {
  const begun = new Map<string, { at: number; shown?: Progress }>();
  return (plan, done, of) => {
    const watched = begun.get(plan) ?? { at: now() };
    begun.set(plan, watched);
    if (done < of && now() - watched.at >= PATIENCE_MS) watched.shown ??= progress(`compiling ${plan}`);
    watched.shown?.update(done, of);
    if (done < of) return;
    watched.shown?.finish();
    begun.delete(plan);
  };
}
