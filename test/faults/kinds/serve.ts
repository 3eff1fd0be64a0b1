import { RandomStream } from '../../../src/random.ts';
import { endBy, endingFor, wrongExit } from '../endings.ts';
import type { FaultKind } from '../kind.ts';
import { type Answer, askFor, startServing } from '../serving.ts';
import { withTinyRun } from '../tinyRun.ts';
import { filesBelow } from '../wholeFiles.ts';

/** Requests that are under way at any time. */
const CLIENTS = 4;
/** Answers after which the end comes, at most. */
const ANSWERS = 24;

export const fault: FaultKind = {
  kind: '`serve` killed, or told once or twice to stop, after a random number of answers, under requests: every answer is the verdict of `predict` or a 503; told once, all that were taken are answered and it exits 0; the run is as it was',
  full: 30,
  short: 1,
  run: (count, seed, progress) =>
    withTinyRun(async (tiny) => {
      const random = new RandomStream(seed, 33);
      const verdicts = [...(await tiny.verdicts())];
      const before = await filesBelow(tiny.path('first'));
      const failures: string[] = [];
      const counts = { answered: 0, refused: 0, cut: 0 };
      for (let i = 0; i < count; i++) {
        const ending = endingFor(i + 1, random, ['SIGINT', 'SIGTERM']);
        const most = random.integer(ANSWERS + 1);
        const serving = startServing(tiny);
        const url = await serving.url;
        let isOver = false;
        const answers: Answer[] = [];
        let enough: () => void = () => {};
        const answered = new Promise<void>((settle) => {
          enough = settle;
        });
        if (most === 0) enough();
        const client = async (): Promise<void> => {
          while (!isOver && url !== null) {
            const [image, verdict] = verdicts[random.integer(verdicts.length)]!;
            let takenInTime = false;
            const answer = await askFor(url, image, verdict, () => {
              takenInTime = !isOver;
            });
            answers.push({ ...answer, taken: takenInTime });
            if (answers.length >= most) enough();
          }
        };
        const clients = Array.from({ length: CLIENTS }, client);
        await Promise.race([serving.done, answered]);
        isOver = true;
        const finished = await endBy(ending, serving.child, serving.done);
        await Promise.all(clients);
        const isOrderly = ending.signals.length === 1 && ending.name !== 'SIGKILL';
        const cut = answers.filter(({ status }) => status === null);
        const dropped = isOrderly ? cut.filter(({ taken }) => taken).length : 0;
        const why =
          wrongExit(ending, serving.child, finished, ending.name === 'SIGKILL' ? [] : [0]) ??
          (isOrderly && finished.code !== 0 ? `exit ${finished.code}` : null) ??
          answers.find(({ wrong }) => wrong)?.wrong ??
          (dropped > 0 ? `${dropped} requests were taken and not answered` : null);
        if (why) failures.push(`seed ${seed}, try ${i}: ${ending.name} after ${most} answers: ${why}`);
        counts.answered += answers.filter(({ status }) => status === 200).length;
        counts.refused += answers.filter(({ status }) => status === 503).length;
        counts.cut += cut.length;
        progress(i + 1);
      }
      const after = await filesBelow(tiny.path('first'));
      const changed = [...new Set([...before.keys(), ...after.keys()])].filter(
        (name) => !before.get(name)?.equals(after.get(name) ?? Buffer.alloc(0)),
      );
      if (changed.length > 0) failures.push(`the run has other files: ${changed.join(', ')}`);
      const note = `${counts.answered} answered, ${counts.refused} refused, ${counts.cut} cut off`;
      return { tried: count, survived: Math.max(0, count - failures.length), failures, note };
    }),
};
