import { ConfigError } from '../errors.ts';
import type { Plan } from '../plan/plan.ts';

/**
 * Check before timing replays.
 * @throws ConfigError where a replay of `plan` computes nothing: all of it follows from state alone, which is computed
 * at the first run and again only where the state has changed.
 */
export function requireReplayed({ label, dispatches, prelude }: Plan): void {
  if (dispatches.length > prelude) return;
  const why =
    prelude === 0 ? 'it has no dispatches' : `all of its ${prelude} dispatches depend on state alone`;
  throw new ConfigError(`${label}: a replay computes nothing, so its time says nothing: ${why}`, {
    fix: 'make an operand an input (of a compiled function: an argument) instead of state that it captures',
    where: label,
  });
}
