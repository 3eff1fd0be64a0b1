import type { CommandSet } from '../../src/cli/verb.ts';
import { cadaVerb } from './cada.ts';
import { detectorVerb } from './detector.ts';
import { historyVerb } from './history.ts';
import { kernelsVerb } from './kernels.ts';
import { latencyVerb } from './latency.ts';
import { onnxVerb } from './onnx.ts';
import { opVerb } from './op.ts';
import { regretVerb } from './regret.ts';
import { trainVerb } from './train.ts';

export const WGAD_BENCH: CommandSet = {
  name: 'wgad-bench',
  description: 'This engine beside others and beside itself, both by turns; for a checkout.',
  example: 'wgad-bench latency --peers ort-webgpu --model resnet18',
  verbs: [
    opVerb,
    kernelsVerb,
    latencyVerb,
    trainVerb,
    cadaVerb,
    regretVerb,
    onnxVerb,
    detectorVerb,
    historyVerb,
  ],
  beside: async () => (await import('../../src/cli/verbs/index.ts')).wgadCommands(),
};
