import { rm } from 'node:fs/promises';
import { RandomStream } from '../../../src/random.ts';
import { start, wgad } from '../../cli/wgad.ts';
import { SIGNALS, type Signal } from '../endings.ts';
import type { FaultKind } from '../kind.ts';
import { withTinyRun } from '../tinyRun.ts';

const NAMES = Object.keys(SIGNALS) as Signal[];
/** ms between the first signal and the second, at most. */
const LATER = 300;

export const fault: FaultKind = {
  kind: 'two signals (Ctrl-C, SIGTERM, SIGHUP) to `train`, `test`, `predict` and `data synth` at random moments, every other time while kernels compile: the exit code of one of them, and a train resumes to the same bytes',
  full: 100,
  short: 4,
  run: (count, seed, progress) =>
    withTinyRun(async ({ path, train, time, weightsOf }) => {
      const random = new RandomStream(seed);
      const took = await time();
      const whole = await weightsOf('first');
      const verbs: readonly (() => string[])[] = [
        () => train('stopped', '--save-every', '0'),
        () => ['test', path('first')],
        () => ['predict', path('first'), path('data')],
        () => ['data', 'synth', '--out', path('drawn'), '--classes', '2', '--size', '256'],
      ];
      const failures: string[] = [];
      for (let i = 0; i < count; i++) {
        const args = verbs[i % verbs.length]!();
        const [first, second] = [NAMES[random.integer(3)]!, NAMES[random.integer(3)]!];
        const [moment, later] = [random.next() * took, random.next() * LATER];
        // Without the driver's cache every kernel is compiled again, so that most moments are in that.
        const cold = (i >> 2) % 2 === 1;
        const { child, done } = start(args, cold ? { MESA_SHADER_CACHE_DISABLE: 'true' } : {});
        let sent = false;
        const timers = [
          setTimeout(() => {
            sent = child.kill(first);
          }, moment),
          setTimeout(() => child.kill(second), moment + later),
        ];
        const { code, stderr } = await done;
        for (const timer of timers) clearTimeout(timer);
        const [own, other] = [SIGNALS[first], SIGNALS[second]];
        // Before the program is loaded the system ends the process: a shell reads the same numbers.
        const killed = child.signalCode !== null && [first, second].includes(child.signalCode as Signal);
        // One whose work was done before it looked has nothing to stop.
        const ended = code === own || code === other || killed || code === 0 || !sent;
        const at = `${args.slice(0, 2).join(' ')}: ${first} at ${Math.round(moment)} ms, ${second} ${Math.round(later)} ms later`;
        if (!ended) failures.push(`${at}: exit ${code ?? child.signalCode}: ${stderr.slice(-300)}`);
        else if (args[0] === 'train') {
          const resumed = await wgad(train('stopped', '--resume'));
          if (resumed.code !== 0) failures.push(`${at}: the resume exits ${resumed.code}: ${resumed.stderr}`);
          else if (!(await weightsOf('stopped')).equals(whole)) failures.push(`${at}: other bytes`);
        }
        await rm(path('stopped'), { recursive: true, force: true });
        await rm(path('drawn'), { recursive: true, force: true });
        progress(i + 1);
      }
      return { tried: count, survived: count - failures.length, failures };
    }),
};
