import { ConfigError } from '../errors.ts';

export interface NamedCase {
  readonly name: string;
  readonly shape: string;
}

export interface CaseFilter {
  /** Only cases whose `name shape` matches; default all. */
  readonly filter?: RegExp;
  /** Among those, only the ones that it picks; default all. */
  readonly only?: (each: NamedCase) => boolean;
}

/**
 * The cases that a filter leaves.
 * @throws ConfigError where no name matches; it names some that there are.
 */
export function matching<T extends NamedCase>(
  cases: readonly T[],
  { filter, only = () => true }: CaseFilter,
): T[] {
  if (!filter) return cases.filter(only);
  const found = cases.filter(({ name, shape }) => filter.test(`${name} ${shape}`));
  if (found.length > 0) return found.filter(only);
  throw new ConfigError(`--filter ${filter.source}: none of ${cases.length} cases matches`, {
    fix: `match for instance: ${cases
      .slice(0, SHOWN)
      .map(({ name, shape }) => `${name} ${shape}`)
      .join('; ')}`,
  });
}

const SHOWN = 8;
