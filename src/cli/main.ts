#!/usr/bin/env node
import { watchInterrupts } from './interrupt.ts';
import { leave } from './leave.ts';

// Before all else is loaded, which takes a while: from here on a signal has its own exit code.
const interrupt = watchInterrupts();
const { runCommandLine } = await import('./commandLine.ts');
// Native handles (devices, decoding threads) must not hold a finished process.
leave(await runCommandLine(interrupt));
