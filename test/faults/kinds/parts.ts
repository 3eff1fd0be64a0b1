import { RandomStream } from '../../../src/random.ts';
import { start } from '../../cli/wgad.ts';
import { cutVerbs } from '../cutVerbs.ts';
import { endBy, endingFor, wrongExit } from '../endings.ts';
import type { FaultKind } from '../kind.ts';
import { withTinyRun } from '../tinyRun.ts';

export const fault: FaultKind = {
  kind: 'a part of `predict`, `test` or `features` killed, or told once or twice to stop, at a random moment: the exit code of a signal, no manifest of what is not finished; run again and merged, the bytes of one run',
  full: 30,
  short: 1,
  run: (count, seed, progress) =>
    withTinyRun(async (tiny) => {
      const random = new RandomStream(seed, 31);
      const verbs = await cutVerbs(tiny, Math.min(3, count));
      const failures: string[] = [];
      for (let i = 0; i < count; i++) {
        const verb = verbs[Math.floor(i / 3) % verbs.length]!;
        const moment = random.next() * verb.time;
        const ending = endingFor(i, random, ['SIGINT', 'SIGTERM', 'SIGHUP']);
        const { child, done } = start(verb.first);
        await Promise.race([done, new Promise((settle) => setTimeout(settle, moment))]);
        const finished = await endBy(ending, child, done);
        const stopped = wrongExit(ending, child, finished, [0]);
        const early =
          finished.code !== 0 && (await verb.isFinished()) && 'left a manifest, but did not exit 0';
        const why = stopped ?? (await verb.whyNotWhole());
        // A manifest is written last, so a kill or a second signal may come after it.
        const isWrong = early && ending.signals.length === 1 && ending.name !== 'SIGKILL';
        if (why ?? isWrong) {
          const at = `${verb.name}: ${ending.name} at ${Math.round(moment)} ms`;
          failures.push(`seed ${seed}, try ${i}, ${at}: ${why ?? early}`);
        }
        progress(i + 1);
      }
      return { tried: count, survived: count - failures.length, failures };
    }),
};
