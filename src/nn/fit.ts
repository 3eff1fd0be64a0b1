import { WeightsError } from '../errors.ts';
import { type Shape, shapesEqual, shapeText } from '../shape.ts';

interface Shaped {
  readonly shape: Shape;
}

/** Tensors of `found` that are missing, mis-shaped or unexpected for a network. */
export function misfits(
  expected: Iterable<readonly [name: string, shape: Shape]>,
  found: ReadonlyMap<string, Shaped>,
): string[] {
  const wrong: string[] = [];
  const known = new Set<string>();
  for (const [name, shape] of expected) {
    known.add(name);
    const got = found.get(name);
    if (!got) wrong.push(`missing ${name} ${shapeText(shape)}`);
    else if (!shapesEqual(got.shape, shape)) {
      wrong.push(`${name} expects ${shapeText(shape)}, got ${shapeText(got.shape)}`);
    }
  }
  for (const [name, { shape }] of found) {
    if (!known.has(name)) wrong.push(`unexpected ${name} ${shapeText(shape)}`);
  }
  return wrong;
}

/** @throws WeightsError listing all misfits. @param where what `found` came from. */
export function refuseMisfits(
  where: string,
  expected: Iterable<readonly [name: string, shape: Shape]>,
  found: ReadonlyMap<string, Shaped>,
): void {
  const wrong = misfits(expected, found);
  if (wrong.length > 0) {
    throw new WeightsError(`${where}: does not fit this network: ${wrong.join('; ')}`, {
      fix: 'choose the --encoder that the file belongs to',
    });
  }
}

/** Names and shapes of a network's tensors, as `misfits` takes them. */
export const shapesOf = (
  specs: readonly { readonly name: string; readonly shape: Shape }[],
): [string, Shape][] => specs.map(({ name, shape }) => [name, shape]);
