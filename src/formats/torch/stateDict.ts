import { Dict, Parameter, type Pickled, TensorRef } from './value.ts';

/** Names under which trainers keep the state dict beside epoch and optimiser. */
const WRAPPERS = ['state_dict', 'model', 'net'];
const MAX_DEPTH = 100;
const MAX_DICTS = 10_000;

/**
 * The tensors of a saved object by dotted name: one level of `state_dict`, `model` or `net` is unwrapped, dicts of
 * state dicts become prefixes (`bn.`, `decoder.`), and a common `module.` goes. What is no tensor is left out.
 */
export function namedTensors(root: Pickled, fail: (what: string) => never): Map<string, TensorRef> {
  if (root instanceof TensorRef) return new Map([['tensor', root]]);
  if (!(root instanceof Dict)) return fail('holds no dict of tensors');
  const found = new Map<string, TensorRef>();
  collect(unwrapped(root), '', { found, dicts: 0, fail }, 0);
  if (found.size === 0) return fail('its dict holds no tensor');
  const wrapped = [...found.keys()].every((name) => name.startsWith('module.'));
  return wrapped
    ? new Map([...found].map(([name, tensor]) => [name.slice('module.'.length), tensor]))
    : found;
}

function unwrapped(root: Dict): Dict {
  for (const name of WRAPPERS) {
    const inner = root.entries.get(name);
    if (inner instanceof Dict) return inner;
  }
  return root;
}

interface Collection {
  readonly found: Map<string, TensorRef>;
  /** Visited so far, repeats included: a few bytes can say "the same dict twice" at every level. */
  dicts: number;
  readonly fail: (what: string) => never;
}

function collect(dict: Dict, prefix: string, all: Collection, depth: number): void {
  all.dicts += 1;
  if (depth > MAX_DEPTH || all.dicts > MAX_DICTS) all.fail('nests dicts too deep, or in a circle');
  for (const [key, saved] of dict.entries) {
    const value = saved instanceof Parameter ? saved.tensor : saved;
    if (!(value instanceof TensorRef || value instanceof Dict)) continue;
    if (typeof key !== 'string' && typeof key !== 'number') all.fail('names a tensor by other than a string');
    const name = `${prefix}${String(key)}`;
    if (value instanceof Dict) collect(value, `${name}.`, all, depth + 1);
    else if (all.found.has(name)) all.fail(`two tensors are called ${name}`);
    else all.found.set(name, value);
  }
}
