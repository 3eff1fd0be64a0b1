import { setTimeout as pause } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** All that nothing refers to is gone afterwards, and whoever registered for it has been told. */
export async function collectGarbage(): Promise<void> {
  // What callbacks let go of falls in the next round.
  for (let round = 0; round < 4; round++) {
    await pause(1);
    collect();
  }
  await pause(1);
}
