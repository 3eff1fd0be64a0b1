import type { ResNetConfig } from '../../src/models/resnet.ts';
import type { NamedTensor, StateDict } from '../../src/nn/init.ts';
import { type ClassifierOps, classifierTrunk, type PeerActivation } from '../peers/networks.ts';
import type { OnnxAttributes, OnnxGraph, OnnxNode } from './model.ts';

/**
 * A ResNet classifier as an exporter would write it: Conv without bias, BatchNormalization, Relu, so that a peer finds
 * the patterns it fuses. `tensors` under torchvision's names. Input `images` [batch, 3, size, size], output
 * `logits` [batch, classes].
 * @throws Error naming a tensor that is missing or that the network does not use: one of the two is wrong.
 */
export function onnxResnet(
  config: ResNetConfig,
  tensors: StateDict,
  { batch, size }: { batch: number; size: number },
): OnnxGraph {
  const nodes: OnnxNode[] = [];
  const used = new Map<string, NamedTensor>();
  const tensor = (name: string): string => {
    const found = tensors.get(name);
    if (!found) throw new Error(`onnxResnet: no tensor ${name}`);
    used.set(name, found);
    return name;
  };
  const node = (
    op: string,
    output: string,
    inputs: readonly string[],
    attributes: OnnxAttributes = {},
  ): string => {
    nodes.push({ op, inputs, output, attributes });
    return output;
  };
  const activated = (x: string, act: PeerActivation): string =>
    act === 'relu' ? node('Relu', `${x}.relu`, [x]) : x;
  const ops: ClassifierOps<string> = {
    convNorm(x, { conv, norm, stride, act }) {
      const kernel = tensors.get(`${conv}.weight`)?.shape[2] ?? 1;
      const pad = Math.floor(kernel / 2);
      const convolved = node('Conv', conv, [x, tensor(`${conv}.weight`)], {
        kernel_shape: [kernel, kernel],
        strides: [stride, stride],
        pads: [pad, pad, pad, pad],
      });
      const state = ['weight', 'bias', 'running_mean', 'running_var'].map((each) =>
        tensor(`${norm}.${each}`),
      );
      return activated(
        node('BatchNormalization', norm, [convolved, ...state], { epsilon: { float: 1e-5 } }),
        act,
      );
    },
    join: (a, b, act) => activated(node('Add', `${a}.sum`, [a, b]), act),
    maxPool: (x) =>
      node('MaxPool', 'maxpool', [x], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }),
  };
  const x = classifierTrunk(ops, 'images', config);
  const pooled = node('Flatten', 'flatten', [node('GlobalAveragePool', 'avgpool', [x])], { axis: 1 });
  node('Gemm', 'logits', [pooled, tensor('fc.weight'), tensor('fc.bias')], { transB: 1 });

  const unused = [...tensors.keys()].filter((name) => !used.has(name));
  if (unused.length > 0) throw new Error(`onnxResnet: unused tensors ${unused.join(', ')}`);
  return {
    name: 'resnet classifier',
    inputs: [{ name: 'images', shape: [batch, 3, size, size] }],
    output: { name: 'logits', shape: [batch, used.get('fc.bias')!.shape[0]!] },
    nodes,
    tensors: used,
  };
}
