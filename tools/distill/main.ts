import { start } from '../../src/cli/start.ts';

await start(async () => ({
  name: 'tools/distill',
  description: 'Makes a small encoder that gives the features of a large one (docs/encoder.md).',
  example: 'npm run distill -- photographs photographs',
  verbs: Object.values(await import('./verbs.ts')),
}));
