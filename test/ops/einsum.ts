import { einsum } from '../../src/nn/einsum.ts';
import { product, type Shape } from '../../src/shape.ts';
import { at, build, roundingScale, type Tensor64 } from '../../src/specs/reference/tensor64.ts';
import { type SpecTable, samplesOf } from '../../src/specs/spec.ts';

/** By its definition: the sum, over all letters that the result lacks, of the product of what each operand has there. */
function einsumRef(letters: readonly string[], out: string, operands: readonly Tensor64[]): Tensor64 {
  const sizes = new Map<string, number>();
  for (const [i, { shape }] of operands.entries()) {
    for (const [axis, letter] of [...letters[i]!].entries()) {
      sizes.set(letter, Math.max(shape[axis]!, sizes.get(letter) ?? 1));
    }
  }
  const inner = [...sizes.keys()].filter((letter) => !out.includes(letter));
  const shapeOf = (names: readonly string[]): Shape => names.map((name) => sizes.get(name)!);
  const terms = product(shapeOf(inner));
  const of = (value: (v: number) => number): Tensor64 =>
    build(shapeOf([...out]), (index) => {
      const place = new Map([...out].map((letter, i) => [letter, index[i]!]));
      return build(shapeOf(inner), (own) => {
        for (const [i, letter] of inner.entries()) place.set(letter, own[i]!);
        const factors = operands.map((each, i) => {
          const axes = [...letters[i]!].map((letter, axis) =>
            each.shape[axis] === 1 ? 0 : place.get(letter)!,
          );
          return value(at(each, axes));
        });
        return factors.reduce((a, b) => a * b);
      }).data.reduce((a, b) => a + b, 0);
    });
  const magnitude = of(Math.abs).data.map((sum) => roundingScale(Math.max(1, sum), terms));
  return { ...of((v) => v), magnitude };
}

/** An equation, its operands' shapes, and the same in letters alone. */
type Case = readonly [equation: string, shapes: readonly Shape[], letters: readonly string[], out: string];

const CASES: readonly [Case, ...Case[]] = [
  [
    'bhqd,bhkd->bhqk',
    [
      [2, 3, 5, 4],
      [2, 3, 7, 4],
    ],
    ['bhqd', 'bhkd'],
    'bhqk',
  ],
  [
    'ij , jk',
    [
      [3, 5],
      [5, 7],
    ],
    ['ij', 'jk'],
    'ik',
  ],
  // The least product first, from three operands on.
  ['i,ij,jk,k->', [[3], [3, 5], [5, 7], [7]], ['i', 'ij', 'jk', 'k'], ''],
  // Diagonals, of two and of three axes.
  ['iij->ij', [[3, 3, 5]], ['iij'], 'ij'],
  ['iijii->j', [[3, 3, 2, 3, 3]], ['iijii'], 'j'],
  // Without an arrow the letters that occur once.
  ['ba', [[3, 5]], ['ba'], 'ab'],
  ['ii', [[4, 4]], ['ii'], ''],
  // Axes of an ellipsis broadcast, and so does a letter of size 1.
  [
    '...ij,...j->...i',
    [
      [2, 3, 5, 7],
      [3, 7],
    ],
    ['abij', 'bj'],
    'abi',
  ],
  [
    'ij...,jk...->ik...',
    [
      [3, 5, 2],
      [5, 4, 1],
    ],
    ['ijz', 'jkz'],
    'ikz',
  ],
  ['ij,j->ij', [[3, 1], [5]], ['ij', 'j'], 'ij'],
  // An outer product; a letter of one operand alone.
  ['i,j->ji', [[3], [5]], ['i', 'j'], 'ji'],
  ['ik,j->ij', [[3, 4], [5]], ['ik', 'j'], 'ij'],
  [
    'bij,bjk->',
    [
      [2, 3, 4],
      [2, 4, 3],
    ],
    ['bij', 'bjk'],
    '',
  ],
];

/** Derivatives are those of products, sums and moves: one case of each kind. */
const DIFFERENTIATED = new Set(['ij , jk', 'i,ij,jk,k->', 'iijii->j', '...ij,...j->...i']);

export const einsumSpecs: SpecTable = {
  einsum: {
    // Sums and products come in another order than the definition's.
    specials: false,
    samples: samplesOf(CASES, ([equation, shapes, letters, out]) => ({
      label: equation,
      inputs: shapes.map((shape) => ({ shape, differentiable: DIFFERENTIATED.has(equation) })),
      run: (...operands) => einsum(equation, operands),
      reference: (...operands) => einsumRef(letters, out, operands),
    })),
  },
};
