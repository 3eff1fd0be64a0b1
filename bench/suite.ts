// Cases of `wgad bench kernels` as a benny suite: `npx tsx bench/suite.ts [regex]`. README.md beside this file says what
// is measured. benny calls a case several times, un-awaited, while it learns its kind: so all are made before it sees one.
import b from 'benny';
import { chooseCases, prepareCase } from '../src/bench/kernels.ts';
import { openSession } from '../src/runtime/session.ts';

const session = await openSession({ adapter: process.env.WGAD_GPU });
const { gpu } = session;
const [, , pattern] = process.argv;
const choice = {
  filter: pattern === undefined ? undefined : new RegExp(pattern),
  batches: [1],
  size: Number(process.env.WGAD_SIZE ?? 256),
};
const cases = [];
for (const each of chooseCases(session, choice)) {
  const { executable } = await prepareCase(session, each);
  cases.push(
    b.add(`${each.name} ${each.shape}`, async () => {
      executable.run();
      await gpu.guard.wait(gpu.device.queue.onSubmittedWorkDone());
    }),
  );
}
await b.suite(`kernels on ${gpu.adapter.name}`, ...cases, b.cycle(), b.complete());
session.close();
