import { ConfigError } from '../errors.ts';

export interface NamedCase {
  readonly name: string;
  readonly shape: string;
}

/**
 * Those whose `name shape` matches; all without a filter.
 * @throws ConfigError where none does; it names some that there are.
 */
export function matching<T extends NamedCase>(cases: readonly T[], filter: RegExp | undefined): T[] {
  if (!filter) return [...cases];
  const found = cases.filter(({ name, shape }) => filter.test(`${name} ${shape}`));
  if (found.length > 0) return found;
  throw new ConfigError(`--filter ${filter.source}: none of ${cases.length} cases matches`, {
    fix: `match for instance: ${cases
      .slice(0, SHOWN)
      .map(({ name, shape }) => `${name} ${shape}`)
      .join('; ')}`,
  });
}

const SHOWN = 8;
