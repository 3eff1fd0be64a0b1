import { shown } from '../../errors.ts';
import { MAX_NAME, MAX_TENSORS } from '../names.ts';
import { Dict, List, type Pickled, TensorRef, Tuple } from './value.ts';

/** Names under which trainers keep the state dict beside epoch and optimiser; of several the first is read. */
const WRAPPERS = [
  'state_dict',
  'model_state_dict',
  'model_state',
  'model',
  'net',
  'network',
  'module',
  'params_ema',
  'params',
  'weights',
  'teacher',
  'student',
  'state_dict_ema',
  'model_ema',
  'ema_state_dict',
  'ema',
  'g_ema',
  'generator',
];
/** Entries with a trainer's own state; their tensors are not weights. */
const TRAINERS = /optim|sched|scaler|^(amp|opt|loops|callbacks|rng|hyper_parameters)/i;
/** What wrappers of a whole model put before every name: data parallel, torch.compile. */
const WRAPPED = ['module.', '_orig_mod.'];
const MAX_WRAPPERS = 8;
const MAX_DEPTH = 100;
/** Entries looked at, repeats included: a few bytes can say "the same dict twice" at every level. */
const MAX_ENTRIES = 1_000_000;

export interface NamedTensors {
  readonly tensors: Map<string, TensorRef>;
  /** For the user: where they were found in the saved object, what was passed over. */
  readonly notes: readonly string[];
}

/**
 * The tensors of a saved object by dotted name. What holds the state dict is unwrapped (`state_dict`, `{epoch, model}`,
 * a list of one, several levels of these), dicts of state dicts become prefixes (`bn.`, `decoder.`), and a common
 * `module.` goes. Anything but tensors is left out, and so is an optimiser.
 */
export function namedTensors(root: Pickled, fail: (what: string) => never): NamedTensors {
  if (root instanceof TensorRef) return { tensors: new Map([['tensor', root]]), notes: [] };
  const all: Collection = { found: new Map(), left: MAX_ENTRIES, fail };
  const notes: string[] = [];
  const path: string[] = [];
  let held: Pickled = root;
  for (let step = stepInto(held, all); step; step = stepInto(held, all)) {
    if (path.length >= MAX_WRAPPERS) fail('nests dicts too deep, or in a circle');
    held = step.inner;
    path.push(step.name);
    if (step.others.length > 0) notes.push(`${listed(step.others)} beside ${shown(step.name)} not read`);
  }
  if (!(held instanceof Dict)) return fail('holds no dict of tensors');
  if (path.length > 0) notes.unshift(`its tensors lie in ${path.map((name) => shown(name)).join(' > ')}`);
  const passed = collect(held, '', all, 0);
  if (passed.length > 0) notes.push(`${listed(passed)} not read: a trainer's own`);
  if (all.found.size === 0) return fail('its dict holds no tensor');
  let tensors = all.found;
  for (let wrapper = commonWrapper(tensors); wrapper; wrapper = commonWrapper(tensors)) {
    const { length } = wrapper;
    tensors = new Map([...tensors].map(([name, tensor]) => [name.slice(length), tensor]));
    notes.push(`all of its names begin with ${wrapper}`);
  }
  return { tensors, notes };
}

const commonWrapper = (tensors: ReadonlyMap<string, TensorRef>): string | undefined =>
  WRAPPED.find((each) =>
    [...tensors.keys()].every((name) => name.length > each.length && name.startsWith(each)),
  );

const listed = (names: readonly string[]): string =>
  names.length > 4
    ? `${names
        .slice(0, 4)
        .map((name) => shown(name))
        .join(', ')} and ${names.length - 4} more`
    : names.map((name) => shown(name)).join(', ');

interface Collection {
  readonly found: Map<string, TensorRef>;
  /** Entries that may still be looked at. */
  left: number;
  readonly fail: (what: string) => never;
}

interface Step {
  readonly name: string;
  readonly inner: Pickled;
  /** Other entries that hold tensors. */
  readonly others: readonly string[];
}

/** One level down to the state dict, by a wrapper's name, or because nothing else there holds tensors. */
function stepInto(value: Pickled, all: Collection): Step | null {
  const own = entriesOf(value);
  const holders = own.filter(([, inner]) => !isTensor(inner) && holdsTensor(inner, all, 0));
  const name = WRAPPERS.find((each) => holders.some(([key]) => key === each));
  const models = holders.filter(([key]) => !TRAINERS.test(key));
  const alone = models.length === 1 && !own.some(([, inner]) => isTensor(inner)) ? models[0]![0] : undefined;
  const chosen = name ?? alone;
  if (chosen === undefined) return null;
  return {
    name: chosen,
    inner: holders.find(([key]) => key === chosen)![1],
    others: holders.flatMap(([key]) => (key === chosen ? [] : [key])),
  };
}

/** Items of a list or tuple are called by their numbers. */
function entriesOf(value: Pickled): [string, Pickled][] {
  if (value instanceof Dict) {
    return [...value.entries].flatMap(([key, inner]): [string, Pickled][] =>
      typeof key === 'string' || typeof key === 'number' ? [[String(key), inner]] : [],
    );
  }
  if (!(value instanceof List || value instanceof Tuple)) return [];
  return value.items.slice(0, MAX_DEPTH).map((inner, i): [string, Pickled] => [String(i), inner]);
}

const isTensor = (value: Pickled): boolean => value instanceof TensorRef;

function holdsTensor(value: Pickled, all: Collection, depth: number): boolean {
  if (isTensor(value)) return true;
  if (depth > MAX_WRAPPERS || !(value instanceof Dict || (depth === 0 && 'items' in Object(value))))
    return false;
  const inner = value instanceof Dict ? value.entries.values() : entriesOf(value).map(([, each]) => each);
  for (const each of inner) {
    look(all);
    if (holdsTensor(each, all, depth + 1)) return true;
  }
  return false;
}

function look(all: Collection): void {
  all.left -= 1;
  if (all.left < 0) all.fail('nests dicts too deep, or in a circle');
}

/** @returns what was passed over at the top. */
function collect(dict: Dict, prefix: string, all: Collection, depth: number): string[] {
  const passed: string[] = [];
  if (depth > MAX_DEPTH) all.fail('nests dicts too deep, or in a circle');
  for (const [key, value] of dict.entries) {
    look(all);
    if (!(value instanceof TensorRef || value instanceof Dict)) continue;
    if (typeof key !== 'string' && typeof key !== 'number')
      return all.fail('names a tensor by other than a string');
    const length = prefix.length + String(key).length;
    if (length > MAX_NAME) all.fail(`a tensor's name has ${length} characters, ${MAX_NAME} at most`);
    const name = `${prefix}${String(key)}`;
    if (value instanceof Dict) {
      if (depth === 0 && TRAINERS.test(name) && holdsTensor(value, all, 0)) passed.push(name);
      else collect(value, `${name}.`, all, depth + 1);
    } else if (all.found.has(name)) all.fail(`two tensors are called ${shown(name)}`);
    else if (all.found.size >= MAX_TENSORS) all.fail(`holds more than ${MAX_TENSORS} tensors`);
    else all.found.set(name, value);
  }
  return passed;
}
