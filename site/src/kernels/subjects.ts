import { conv2d, gelu, input, matmul, softmax, sum, type Value } from '../../../src/index.ts';

/** What own kernels are tried on: a function, and its operands. */
export interface Subject {
  readonly name: string;
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  build(values: Readonly<Record<string, Value>>): Value;
}

export const SUBJECTS: readonly Subject[] = [
  {
    name: 'gelu of 1,000,000',
    inputs: { x: [1_000_000] },
    build: ({ x }) => gelu(x!),
  },
  {
    name: 'sum of rows, 512 x 2048',
    inputs: { x: [512, 2048] },
    build: ({ x }) => sum(x!, { axes: [1] }),
  },
  {
    name: 'softmax of rows, 512 x 1024',
    inputs: { x: [512, 1024] },
    build: ({ x }) => softmax(x!, 1),
  },
  {
    name: 'matmul, 256 x 256 by 256 x 256',
    inputs: { a: [256, 256], b: [256, 256] },
    build: ({ a, b }) => matmul(a!, b!),
  },
  {
    name: 'conv2d 3 x 3, 32 to 32 channels, 56 x 56',
    inputs: { x: [1, 32, 56, 56], w: [32, 32, 3, 3] },
    build: ({ x, w }) => conv2d(x!, w!, { padding: 1 }),
  },
];

export const graphOf = ({ inputs, build }: Subject) => ({
  outputs: new Map([
    [
      'out',
      build(Object.fromEntries(Object.entries(inputs).map(([name, shape]) => [name, input(name, shape)]))),
    ],
  ]),
  effects: [],
});
