import { expect, it } from 'vitest';
import { watchCompiling } from '../../src/cli/compileProgress.ts';
import { add } from '../../src/graph/ops/pointwise.ts';
import { input } from '../../src/graph/value.ts';
import { openSession } from '../../src/runtime/session.ts';

/** A watcher whose clock is set by hand, and what it has shown. */
function watched() {
  const shown: string[] = [];
  const clock = { ms: 0 };
  const watch = watchCompiling(
    (label) => ({
      update: (done, total) => void shown.push(`${label} ${done}/${total}`),
      finish: () => void shown.push(`${label} finished`),
    }),
    () => clock.ms,
  );
  return { watch, shown, clock };
}

it('shows a plan that takes long from then on, each plan for itself', () => {
  const { watch, shown, clock } = watched();
  watch('step', 0, 3);
  watch('score', 0, 1);
  clock.ms = 1000;
  watch('step', 1, 3);
  watch('score', 1, 1);
  clock.ms = 2500;
  watch('step', 2, 3);
  clock.ms = 3000;
  watch('step', 3, 3);
  expect(shown).toEqual(['compiling step 2/3', 'compiling step 3/3', 'compiling step finished']);
});

it('shows nothing of a plan that is compiled at once, however late the next one begins', () => {
  const { watch, shown, clock } = watched();
  watch('step', 0, 1);
  watch('step', 1, 1);
  clock.ms = 60_000;
  watch('step', 0, 1);
  watch('step', 1, 1);
  expect(shown).toEqual([]);
});

it('hears of every distinct kernel of a plan once', async () => {
  const heard: string[] = [];
  const session = await openSession({
    onCompile: (plan, done, of) => void heard.push(`${plan} ${done}/${of}`),
  });
  try {
    const x = input('x', [7]);
    const executable = await session.compile('sums', {
      outputs: new Map([['twice', add(x, x)]]),
      effects: [],
    });
    expect(heard).toEqual(['sums 0/1', 'sums 1/1']);
    executable.run({ x: new Float32Array(7).fill(3) });
    expect((await executable.read()).get('twice')).toEqual(new Float32Array(7).fill(6));
    executable.destroy();
  } finally {
    session.close();
  }
});
