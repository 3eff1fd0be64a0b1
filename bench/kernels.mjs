// The kernel cases as a benny suite: `node bench/kernels.mjs [regex]`. README.md beside this file says what is measured.
import b from 'benny';
import { KERNEL_CASES } from '../dist/bench/kernels.js';
import { openSession } from '../dist/train/session.js';

const filter = new RegExp(process.argv[2] ?? '.');
const session = await openSession(process.env.WGAD_GPU);
const { gpu } = session;

// Everything is made before benny sees a case: it calls each several times, un-awaited, while it learns its kind.
const cases = [];
for (const { name, shape, build } of KERNEL_CASES) {
  if (!filter.test(`${name} ${shape}`)) continue;
  const executable = await session.compile(name, { outputs: new Map([['out', build()]]), effects: [] });
  cases.push(
    b.add(`${name} ${shape}`, async () => {
      executable.run();
      await gpu.guard.wait(gpu.device.queue.onSubmittedWorkDone());
    }),
  );
}
await b.suite(`kernels on ${gpu.adapter.name}`, ...cases, b.cycle(), b.complete());
session.close();
