#!/usr/bin/env tsx
import { watchInterrupts } from '../src/cli/interrupt.ts';
import { leave } from '../src/cli/leave.ts';

// As `wgad` itself: a signal has its exit code from here on.
const interrupt = watchInterrupts();
const [{ runCommandLine }, { WGAD_BENCH }] = await Promise.all([
  import('../src/cli/commandLine.ts'),
  import('./verbs/index.ts'),
]);
leave(await runCommandLine(WGAD_BENCH, interrupt));
