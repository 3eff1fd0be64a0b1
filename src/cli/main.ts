#!/usr/bin/env node
import { watchInterrupts } from './interrupt.ts';
import { leave } from './leave.ts';

// Before all else is loaded, which takes a while: from here on a signal has its own exit code.
const interrupt = watchInterrupts();
const [{ runCommandLine }, { WGAD }] = await Promise.all([
  import('./commandLine.ts'),
  import('./verbs/index.ts'),
]);
// Native handles (devices, decoding threads) must not hold a finished process.
leave(await runCommandLine(WGAD, interrupt));
