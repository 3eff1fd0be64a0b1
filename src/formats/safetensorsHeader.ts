import { shown, WeightsError } from '../errors.ts';
import { JsonMembers } from './jsonMembers.ts';
import { MAX_NAME, MAX_TENSORS } from './names.ts';

interface TensorEntry {
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Bytes from the start of the data. */
  readonly begin: number;
  readonly end: number;
}

export interface Header {
  readonly metadata: ReadonlyMap<string, string>;
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  /** Where the data begin in the file. */
  readonly start: number;
}

/** The format's own cap on the header. */
const MAX_HEADER = 100_000_000;

const BITS: ReadonlyMap<string, number> = new Map([
  ['BOOL', 8],
  ['U8', 8],
  ['I8', 8],
  ['F8_E5M2', 8],
  ['F8_E4M3', 8],
  ['F8_E8M0', 8],
  ['F8_E4M3FNUZ', 8],
  ['F8_E5M2FNUZ', 8],
  ['I16', 16],
  ['U16', 16],
  ['F16', 16],
  ['BF16', 16],
  ['I32', 32],
  ['U32', 32],
  ['F32', 32],
  ['I64', 64],
  ['U64', 64],
  ['F64', 64],
  ['C64', 64],
  ['F4', 4],
  ['F6_E2M3', 6],
  ['F6_E3M2', 6],
]);

/** Every element type that the format has. */
export const SAFETENSORS_DTYPES: readonly string[] = [...BITS.keys()];

/** Bytes of metadata, at most: a training's settings and captions, not its data. */
const MAX_METADATA = 8 * 2 ** 20;
const MOST_METADATA = 10_000;
const MAX_RANK = 64;
const MAX_DTYPE = 100;

/**
 * Reads and checks a header by all of the format's rules, in pieces.
 * @param lead the file's first 8 bytes. @param read bytes of the file from an offset on.
 */
export async function parseHeader(
  path: string,
  size: number,
  lead: Uint8Array,
  read: (offset: number, length: number) => Promise<Uint8Array>,
): Promise<Header> {
  const fail = (what: string): never => {
    throw new WeightsError(`${path}: not a safetensors file: ${what}`);
  };
  if (lead.length < 8) return fail(`${size} bytes, expected at least 8`);
  const declared = new DataView(lead.buffer, lead.byteOffset, 8).getBigUint64(0, true);
  if (declared > BigInt(MAX_HEADER) || declared > BigInt(size - 8)) {
    return fail(`its header claims ${declared} bytes in a file of ${size}`);
  }
  const length = Number(declared);
  if (length === 0 || (await read(8, 1))[0] !== 0x7b) return fail('its header does not begin with {');
  const json = new JsonMembers(
    (at, count) => read(8 + at, count),
    length,
    (what) => fail(`its header is not as it should be: ${what}`),
  );
  const metadata = new Map<string, string>();
  const tensors = new Map<string, TensorEntry>();
  let said = false;
  await json.object((name) => {
    if (name === '__metadata__') {
      if (said) json.fail('__metadata__ stands there twice');
      said = true;
      return () => readMetadata(json, metadata);
    }
    if (name.length > MAX_NAME) json.fail(`a name of ${name.length} characters, ${MAX_NAME} at most`);
    if (tensors.has(name)) json.fail(`two tensors are called ${shown(name)}`);
    if (tensors.size >= MAX_TENSORS) json.fail(`more than ${MAX_TENSORS} tensors`);
    tensors.set(name, readEntry(name, json));
    return undefined;
  });
  await json.end();
  checkTiling(tensors, size - 8 - length, fail);
  return { metadata, tensors, start: 8 + length };
}

async function readMetadata(json: JsonMembers, into: Map<string, string>): Promise<void> {
  let bytes = 0;
  await json.object((key) => {
    if (json.begins() !== '"') json.fail(`metadata ${shown(key)} is not a string`);
    if (into.size >= MOST_METADATA) json.fail(`more than ${MOST_METADATA} metadata`);
    if (into.has(key)) json.fail(`two metadata are called ${shown(key)}`);
    const text = json.string(MAX_METADATA);
    bytes += key.length + text.length;
    if (bytes > MAX_METADATA) json.fail(`metadata of more than ${MAX_METADATA} characters`);
    into.set(key, text);
    return undefined;
  });
}

function readEntry(name: string, json: JsonMembers): TensorEntry {
  const fail = (what: string): never => json.fail(`${shown(name)} ${what}`);
  if (json.begins() !== '{') fail('is not an object');
  let dtype: string | undefined;
  let shape: number[] | undefined;
  let offsets: number[] | undefined;
  const counts = (what: string, most: number): number[] => {
    if (json.begins() !== '[') fail(`has ${what} that are no list`);
    const found: number[] = [];
    json.list(() => {
      const value = json.count();
      found.push(typeof value === 'number' ? value : fail(`has ${what} with ${shown(value)} among them`));
    }, most);
    return found;
  };
  json.members((field) => {
    if (field === 'dtype') {
      if (dtype !== undefined) fail('has two dtypes');
      dtype = json.begins() === '"' ? json.string(MAX_DTYPE) : fail('has a dtype that is no text');
      if (!BITS.has(dtype)) fail(`has the unknown dtype ${shown(dtype)}`);
    } else if (field === 'shape') {
      if (shape) fail('has two shapes');
      shape = counts('sizes', MAX_RANK);
    } else if (field === 'data_offsets') {
      if (offsets) fail('has data_offsets twice');
      offsets = counts('offsets', 2);
    } else json.skip();
  });
  if (dtype === undefined || !shape || offsets?.length !== 2)
    return fail('lacks dtype, shape or two data_offsets');
  const [begin, end] = offsets as [number, number];
  let bits = BITS.get(dtype)!;
  for (const size of shape) {
    bits *= size;
    // Asked at each: a size of 0 that follows would hide it.
    if (!Number.isSafeInteger(bits)) fail(`${dtype} [${shape}] needs more bytes than can be counted`);
  }
  if (bits % 8 !== 0 || end - begin !== bits / 8) {
    return fail(`${dtype} [${shape}] needs ${bits / 8} bytes, its offsets give ${end - begin}`);
  }
  return { dtype, shape, begin, end };
}

/** Tensors tile the data: no hole, no overlap, nothing left. */
function checkTiling(
  tensors: ReadonlyMap<string, TensorEntry>,
  length: number,
  fail: (what: string) => never,
): void {
  let at = 0;
  const order = [...tensors.values()].sort((a, b) => a.begin - b.begin || a.end - b.end);
  for (const entry of order) {
    if (entry.begin !== at) {
      const [name] = [...tensors].find(([, each]) => each === entry)!;
      fail(`${shown(name)} begins at ${entry.begin}, expected ${at}: a hole or an overlap`);
    }
    at = entry.end;
  }
  if (at !== length) fail(`its tensors cover ${at} bytes of ${length}`);
}
