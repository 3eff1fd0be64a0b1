import { readFile, rm } from 'node:fs/promises';
import { RandomStream } from '../../../src/random.ts';
import { type Finished, wgad } from '../../cli/wgad.ts';
import type { FaultKind } from '../kind.ts';
import { withTinyRun } from '../tinyRun.ts';

const PRELOAD = new URL('../preload/loseDevice.mjs', import.meta.url).href;
const LIBRARY = new URL('../preload/library.mjs', import.meta.url).pathname;

export const fault: FaultKind = {
  kind: 'the device lost at a random call of `train`, `test`, `predict` and a program of the library: E_DEVICE_LOST, exit 5, a train resumes to the same bytes',
  full: 80,
  short: 3,
  run: (count, seed, progress) =>
    withTinyRun(async ({ path, train, weightsOf }) => {
      const random = new RandomStream(seed);
      const whole = await weightsOf('first');
      const verbs: readonly ((more?: Record<string, string>) => Promise<Finished>)[] = [
        (more) => wgad(train('lost', '--save-every', '0'), more),
        (more) => wgad([], more, LIBRARY),
        (more) => wgad(['test', path('first'), '--quiet'], more),
        (more) => wgad(['predict', path('first'), path('data'), '--quiet'], more),
      ];
      const calls: number[] = [];
      const failures: string[] = [];
      for (let i = 0; i < count; i++) {
        const which = i % verbs.length;
        if (i < verbs.length) {
          // At which calls it can be lost.
          const { code, stderr } = await verbs[which]!({
            NODE_OPTIONS: `--import ${PRELOAD}`,
            LOSE_DEVICE_COUNT: path('count'),
          });
          if (code !== 0) throw new Error(`exit ${code} with no device lost: ${stderr}`);
          calls.push(Number(await readFile(path('count'), 'utf8')));
          await rm(path('lost'), { recursive: true, force: true });
        }
        const call = random.integer(calls[which]!);
        const env = { NODE_OPTIONS: `--import ${PRELOAD}`, LOSE_DEVICE_AT: String(call) };
        const { code, stderr } = await verbs[which]!(env);
        const at = `${['train', 'library', 'test', 'predict'][which]} at call ${call} of ${calls[which]}`;
        // Lost after the last result was read, it is missed by nobody.
        if (code !== 0 && (code !== 5 || !stderr.includes('E_DEVICE_LOST'))) {
          failures.push(`${at}: exit ${code}: ${stderr.slice(-500)}`);
        } else if (which === 0) {
          const resumed = await wgad(train('lost', '--resume'));
          if (resumed.code !== 0) failures.push(`${at}: the resume exits ${resumed.code}: ${resumed.stderr}`);
          else if (!(await weightsOf('lost')).equals(whole)) failures.push(`${at}: other bytes`);
        }
        await rm(path('lost'), { recursive: true, force: true });
        progress(i + 1);
      }
      return { tried: count, survived: count - failures.length, failures };
    }),
};
