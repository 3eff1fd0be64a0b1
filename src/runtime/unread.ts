import { ConfigError } from '../errors.ts';
import { flattenTree, type Tree } from '../graph/tree.ts';
import { topological, type Value } from '../graph/value.ts';
import { isResult } from './tensor.ts';

/**
 * @throws ConfigError for arguments beyond those that `fn` names and that no result depends on. Functions with rest
 * parameters name none, so the number of names alone does not tell.
 */
export function refuseUnread(
  label: string,
  fn: { readonly length: number },
  args: readonly Tree<Value>[],
  outputs: ReadonlyMap<string, Value>,
): void {
  if (args.length <= fn.length) return;
  const reached = new Set(topological([...outputs.values()]));
  const isRead = (arg: Tree<Value>): boolean =>
    flattenTree<Value>(arg, isResult).some(([, value]) => reached.has(value));
  const taken = Math.max(fn.length, args.findLastIndex(isRead) + 1);
  if (args.length === taken) return;
  throw new ConfigError(
    `${label}: expects ${taken} ${taken === 1 ? 'argument' : 'arguments'}, got ${args.length}: no result depends on the last`,
  );
}
