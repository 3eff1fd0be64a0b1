import { watchInterrupts } from '../../src/cli/interrupt.ts';
import { leave } from '../../src/cli/leave.ts';

const interrupt = watchInterrupts();
const [{ runCommandLine }, { pretrainVerb }] = await Promise.all([
  import('../../src/cli/commandLine.ts'),
  import('./verb.ts'),
]);
const commands = {
  name: 'tools/pretrain',
  description: 'Makes the encoders whose weights ship with the package (docs/encoder.md).',
  example: 'npm run pretrain -- --encoder resnet18_w16',
  verbs: [pretrainVerb],
};
leave(await runCommandLine(commands, interrupt));
