#!/usr/bin/env node
import { start } from './start.ts';

await start(async () => (await import('./verbs/index.ts')).wgadCommands(process.argv.slice(2)));
