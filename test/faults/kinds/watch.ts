import { rm } from 'node:fs/promises';
import { RandomStream } from '../../../src/random.ts';
import { endBy, endingFor, wrongExit } from '../endings.ts';
import type { FaultKind } from '../kind.ts';
import { withTinyRun } from '../tinyRun.ts';
import { until, watchedFolder } from '../watching.ts';

/** Images that arrive during each try. */
const ARRIVALS = 6;

export const fault: FaultKind = {
  kind: '`predict --watch` killed, or told once or twice to stop, at a random moment while images arrive: the exit code of a signal; started again and again, each image judged once, by the verdict of `predict`',
  full: 30,
  short: 1,
  run: (count, seed, progress) =>
    withTinyRun(async (tiny) => {
      const random = new RandomStream(seed, 32);
      const watched = await watchedFolder(tiny, 'arriving', tiny.path('arriving.jsonl'));
      const failures: string[] = [];
      try {
        // From a start until all that is there was judged: the range of random moments.
        for (let k = 0; k < ARRIVALS; k++) await watched.arrive(random);
        const began = performance.now();
        await allJudged(watched);
        const took = performance.now() - began;
        for (let i = 0; i < count; i++) {
          const moment = random.next() * took;
          const ending = endingFor(i, random, ['SIGINT', 'SIGTERM', 'SIGHUP']);
          const started = watched.watch();
          const later = new Promise((settle) => setTimeout(settle, moment));
          for (let k = 0; k < ARRIVALS; k++) await watched.arrive(random);
          await Promise.race([started.done, later]);
          const finished = await endBy(ending, started.child, started.done);
          const isCut = ending.name === 'SIGKILL' || ending.signals.length > 1;
          const why = wrongExit(ending, started.child, finished, []) ?? (await watched.whyWrong(isCut));
          if (why)
            failures.push(`seed ${seed}, try ${i}: ${ending.name} at ${Math.round(moment)} ms: ${why}`);
          progress(i + 1);
        }
        await allJudged(watched);
        const judged = await watched.judged();
        const why = await watched.whyWrong(false);
        if (why) failures.push(`at the end: ${why}`);
        if (judged !== watched.arrived) failures.push(`${judged} rows of ${watched.arrived} images`);
      } finally {
        await rm(tiny.path('arriving'), { recursive: true });
        await rm(watched.rows, { force: true });
      }
      const note = `${watched.arrived} images`;
      return { tried: count, survived: Math.max(0, count - failures.length), failures, note };
    }),
};

/** Watches until all that arrived has a row. */
async function allJudged(watched: Awaited<ReturnType<typeof watchedFolder>>): Promise<void> {
  const started = watched.watch();
  await until(async () => (await watched.judged()) >= watched.arrived, started);
  started.child.kill('SIGTERM');
  const { code, stderr } = await started.done;
  if (code !== 143) throw new Error(`exit ${code}: ${stderr}`);
}
