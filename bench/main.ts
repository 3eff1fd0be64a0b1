#!/usr/bin/env tsx
import { start } from '../src/cli/start.ts';

await start(async () => (await import('./verbs/index.ts')).WGAD_BENCH);
