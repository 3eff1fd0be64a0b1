import { readdir, rm } from 'node:fs/promises';
import { RandomStream } from '../../../src/random.ts';
import { start, wgad } from '../../cli/wgad.ts';
import type { FaultKind } from '../kind.ts';
import { withTinyRun } from '../tinyRun.ts';

export const fault: FaultKind = {
  kind: '`train` killed (SIGKILL) at a random moment, then resumed to the same bytes',
  full: 50,
  short: 1,
  run: (count, seed, progress) =>
    withTinyRun(async ({ path, train, time, weightsOf }) => {
      const random = new RandomStream(seed);
      const took = await time();
      const whole = await weightsOf('first');
      const failures: string[] = [];
      for (let i = 0; i < count; i++) {
        const moment = random.next();
        const { child, done } = start(train('killed', '--save-every', '0'));
        const timer = setTimeout(() => child.kill('SIGKILL'), moment * took);
        await done;
        clearTimeout(timer);
        const resumed = await wgad(train('killed', '--resume'));
        const left = (await readdir(path('killed'))).filter((name) => name.endsWith('.tmp'));
        const at = `killed at ${moment.toFixed(3)} of ${Math.round(took)} ms`;
        if (resumed.code !== 0) failures.push(`${at}: the resume exits ${resumed.code}: ${resumed.stderr}`);
        else if (!(await weightsOf('killed')).equals(whole)) failures.push(`${at}: other bytes`);
        else if (left.length > 0) failures.push(`${at}: leaves ${left.join(', ')}`);
        await rm(path('killed'), { recursive: true });
        progress(i + 1);
      }
      return { tried: count, survived: count - failures.length, failures };
    }),
};
