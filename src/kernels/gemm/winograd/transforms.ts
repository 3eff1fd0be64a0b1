/** WGSL that multiplies a small matrix by a constant one from both sides: along rows, then along columns. */
import { range } from '../../../shape.ts';
import { UNKNOWN_ZERO } from '../../kernel.ts';
import { code, floatLiteral, type Wgsl, wgsl } from '../../wgsl.ts';
import type { Matrix } from './matrices.ts';

/**
 * X `matrix`^T into `between`, a row of X at a time; `load(k)` is element k of row `r`. Looped, because a load costs a
 * CPU adapter's compiler some 15 ms, 36 of them half a second; then it declares `outer`, the number of columns.
 */
export function alongRows(matrix: Matrix, before: Wgsl, load: (k: number) => string, looped = true): Wgsl {
  const inner = matrix[0]!.length;
  const outer = matrix.length;
  const terms = range(inner).map((k) => `d${k}`);
  const row = wgsl`
    ${before}
    ${terms.map((term, k) => code(`let ${term} = ${load(k)};`))}
    ${transform1d(matrix, terms, 't').map((line) => code(line))}
    ${range(outer).map((k) => code(`between[r][${k}] = t${k};`))}`;
  const declared = code(`var between: array<array<f32, ${outer}>, ${inner}>;`);
  if (!looped)
    return wgsl`
    ${declared}
    ${range(inner).map(
      (r) => wgsl`
      {
        const r = ${code(`${r}u`)};
        ${row}
      }`,
    )}`;
  return wgsl`
    const inner = ${inner}u;
    const outer = ${outer}u;
    ${declared}
    for (var r = ${code(UNKNOWN_ZERO)}; r < inner; r++) {
      ${row}
    }`;
}

/** `matrix` times column `c` of `between`; `store(k, value)` takes element k. */
export function alongColumn(matrix: Matrix, c: string, store: (k: number, value: string) => string): Wgsl {
  const terms = range(matrix[0]!.length).map((k) => `between[${k}][${c}]`);
  const stores = range(matrix.length).map((k) => code(store(k, `v${k}`)));
  return wgsl`
    {
    ${transform1d(matrix, terms, 'v').map((line) => code(line))}
    ${stores}
    }`;
}

/** Statements for `matrix` x. Rows of mirrored points, +p and -p, share the sums of their even and odd terms. */
function transform1d(matrix: Matrix, x: readonly string[], prefix: string): string[] {
  const name = (row: number): string => `${prefix}${row}`;
  const lines: string[] = [];
  for (let row = 0; row < matrix.length; row++) {
    const terms = matrix[row]!;
    const next = matrix[row + 1];
    if (next && mirrored(terms, next)) {
      const [even, odd] = [0, 1].map((parity) =>
        sum(
          terms.map((value, k) => (k % 2 === parity ? value : 0)),
          x,
        ),
      );
      const [e, o] = [`${name(row)}_even`, `${name(row)}_odd`];
      lines.push(`let ${e} = ${even};  let ${o} = ${odd};`);
      lines.push(`let ${name(row)} = ${e} + ${o};  let ${name(row + 1)} = ${e} - ${o};`);
      row++;
    } else lines.push(`let ${name(row)} = ${sum(terms, x)};`);
  }
  return lines;
}

const mirrored = (a: readonly number[], b: readonly number[]): boolean =>
  a.some((value, k) => k % 2 === 1 && value !== 0) &&
  a.every((value, k) => b[k] === (k % 2 === 0 ? value : -value));

/** A weighted sum as WGSL. */
function sum(weights: readonly number[], x: readonly string[]): string {
  const terms = weights.flatMap((weight, k) => {
    if (weight === 0) return [];
    if (weight === 1) return [x[k]!];
    return [`${floatLiteral(weight)} * ${x[k]!}`];
  });
  return terms.length === 0 ? '0.0' : terms.join(' + ');
}
