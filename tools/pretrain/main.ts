import { start } from '../../src/cli/start.ts';

await start(async () => ({
  name: 'tools/pretrain',
  description: 'Makes the encoders whose weights ship with the package (docs/encoder.md).',
  example: 'npm run pretrain -- --encoder resnet18_w16',
  verbs: [(await import('./verb.ts')).pretrainVerb],
}));
