import { LimitError } from '../errors.ts';
import { product } from '../shape.ts';
import { type Kernel, makeKernelOfText, read, write } from './kernel.ts';
import type { Lowering } from './lowering.ts';

/** One of the arrays that an own kernel writes, in elements of the value that holds all of them. */
export interface KernelOutput {
  readonly name: string;
  readonly offset: number;
  readonly length: number;
}

export type OwnKernelAttrs = {
  readonly name: string;
  readonly wgsl: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly KernelOutput[];
  readonly grid: readonly [number, number, number];
  readonly flops: number;
};

/** @throws LimitError where it has more arrays than the adapter binds. */
const ownKernel: Lowering<OwnKernelAttrs> = ({ label, inputs, out, attrs }, device) => {
  const bindings = [
    ...attrs.inputs.map((name, i) => read(name, product(inputs[i]!.shape), inputs[i]!.element)),
    ...attrs.outputs.map(({ name, length }) => write(name, length, out.element)),
  ];
  const named = label.replace(/ownKernel$/, attrs.name);
  if (bindings.length > device.maxStorageBuffers) {
    throw new LimitError(
      `${named}: reads and writes ${bindings.length} arrays, the adapter binds ${device.maxStorageBuffers}`,
      { fix: 'put several arrays into one' },
    );
  }
  const kernel: Kernel = makeKernelOfText({ ...attrs, label: named, bindings });
  return {
    steps: [
      {
        kernel,
        operands: [...attrs.inputs.keys(), ...attrs.outputs.map(({ offset }) => ({ out: offset }))],
      },
    ],
    scratch: [],
  };
};

export const ownKernels = { ownKernel };
