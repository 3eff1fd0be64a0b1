import { ConfigError, LimitError } from '../errors.ts';
import type { OptionNames } from '../options.ts';
import type { Wgsl } from './wgsl.ts';
import { wgslText } from './wgsl.ts';

/** Element type of a buffer in WGSL. */
export type Element = 'f32' | 'f16' | 'i32' | 'u32';

export const ELEMENT_BYTES: Record<Element, number> = { f32: 4, f16: 2, i32: 4, u32: 4 };

/** Bytes: offsets of storage bindings are multiples of it, WebGPU's default limit, on every adapter. */
export const BINDING_ALIGN = 256;

/**
 * How a dispatch uses one buffer range. `write` never reads what was there (tests poison it); `readWrite` updates in
 * place. Both are `read_write` in WGSL, which has no write-only arrays.
 */
export type Access = 'read' | 'write' | 'readWrite';

/** One storage binding: its index is its place in `Kernel.bindings`. */
export interface Binding {
  readonly name: string;
  readonly access: Access;
  readonly element: Element;
  /** Elements the kernel may touch. */
  readonly length: number;
  /**
   * Read only, and declared `read_write` all the same: the dispatch writes another range of the same buffer, which
   * WebGPU allows of bindings that are declared alike.
   */
  readonly shared?: true;
  /** Elements it does touch, where they are fewer. */
  readonly touched?: number;
  /** Read four elements at a time, as vectors; `length` is a multiple of four. */
  readonly vector?: true;
  /** Where the range is read as a texture: its shape. The runtime copies the range into one before the dispatch. */
  readonly texture?: TextureShape;
}

/** A texture of four f32 a texel, in texels: [layers][height][width][4] in memory, without gaps. */
export interface TextureShape {
  /** A multiple of `TEXTURE_ALIGN`. */
  readonly width: number;
  readonly height: number;
  readonly layers: number;
}

/** Rows of a copy between a buffer and a texture begin at multiples of 256 bytes: 16 texels. */
export const TEXTURE_ALIGN = 16;
const TEXTURE_FORMAT = 'rgba32float';

/**
 * Whole numbers that a kernel reads instead of having them in its text, by name, so that one text serves many shapes:
 * `total` is `sizes.total` there, of type u32.
 */
export type Sizes = Readonly<Record<string, number>>;

/** A compute kernel as data: ten lines of WebGPU run it by hand. */
export interface Kernel {
  /** For people: profiler rows, buffer labels, error messages. */
  readonly label: string;
  /** The complete shader module; the pipeline cache's only key. Its entry point is `main`. */
  readonly wgsl: string;
  readonly bindings: readonly Binding[];
  /** In the order in which they lie in a uniform buffer, bound after `bindings`; absent where the text reads none. */
  readonly sizes?: Sizes;
  /** Workgroups in x, y, z, each at most 65,535. */
  readonly grid: readonly [number, number, number];
  /** Floating-point operations of one dispatch, a multiply-add counting two; Winograd's products count the direct sum's. */
  readonly flops: number;
  /** Set where the text is a user's: a fault in it is theirs. */
  readonly own?: true;
  /** Bytes that must move at least once: the sum over the bindings, twice what is updated in place. */
  readonly bytes: number;
}

/** Kinds of GPU whose public rates are known (`gemm/blocked/rates.ts`). */
export const GPU_FAMILIES = ['nvidia', 'rdna3', 'rdna2', 'gcn', 'apple', 'intel'] as const;
export type GpuFamily = (typeof GPU_FAMILIES)[number];

/** Facts about the adapter that a variant may use. */
export interface DeviceFacts {
  /** A CPU pretends to be a GPU (lavapipe, SwiftShader, WARP): loads are dear, barriers dearer. */
  readonly software: boolean;
  /** Lanes of a subgroup; 0 where subgroups are not available or vary. */
  readonly subgroupSize: number;
  readonly f16: boolean;
  /** Matrices of f16 that a subgroup multiplies and sums in f32: their sizes; absent unless asked for (`OpenOptions`). */
  readonly subgroupMatrix?: { readonly m: number; readonly n: number; readonly k: number };
  readonly maxStorageBuffers: number;
  readonly maxWorkgroupInvocations: number;
  readonly workgroupBytes: number;
  readonly maxBindingBytes: number;
  /** Widest and highest texture that kernels may read as storage; 0 where they may not. */
  readonly maxImageSide: number;
  readonly maxImageLayers: number;
  /** By whose rates tiles are chosen; default nvidia. It decides nothing else. */
  readonly family?: GpuFamily;
}

export const DEVICE_FACTS: OptionNames<DeviceFacts> = {
  software: true,
  subgroupSize: true,
  f16: true,
  subgroupMatrix: true,
  maxStorageBuffers: true,
  maxWorkgroupInvocations: true,
  workgroupBytes: true,
  maxBindingBytes: true,
  maxImageSide: true,
  maxImageLayers: true,
  family: true,
};

/** WebGPU's guaranteed limits and nothing optional: plans built with these run everywhere. */
export const BASELINE_DEVICE: DeviceFacts = {
  software: false,
  subgroupSize: 0,
  f16: false,
  maxStorageBuffers: 8,
  maxWorkgroupInvocations: 256,
  workgroupBytes: 16_384,
  maxBindingBytes: 134_217_728,
  maxImageSide: 0,
  maxImageLayers: 0,
};

export const MAX_GROUPS_PER_AXIS = 65_535;

export const read = (name: string, length: number, element: Element = 'f32'): Binding => ({
  name,
  access: 'read',
  element,
  length,
});
export const write = (name: string, length: number, element: Element = 'f32'): Binding => ({
  name,
  access: 'write',
  element,
  length,
});
export const readWrite = (name: string, length: number, element: Element = 'f32'): Binding => ({
  name,
  access: 'readWrite',
  element,
  length,
});

/** A binding of which the kernel touches at most `elements` elements. */
export const touching = (elements: number, binding: Binding): Binding =>
  elements < binding.length ? { ...binding, touched: elements } : binding;

/** A range read as a texture of `shape`. */
export const readTexture = (name: string, shape: TextureShape): Binding => ({
  ...read(name, textureWords(shape)),
  texture: shape,
});

/** Its size in memory, in 32-bit words. */
export const textureWords = ({ width, height, layers }: TextureShape): number => width * height * layers * 4;

/** A one-dimensional grid of `groups` workgroups, folded over x and y; see `GROUP_INDEX`. */
export function linearGrid(groups: number): [number, number, number] {
  const x = Math.max(1, Math.min(groups, MAX_GROUPS_PER_AXIS));
  return [x, Math.max(1, Math.ceil(groups / x)), 1];
}

/**
 * WGSL expression for the linear workgroup index of a `linearGrid`, given `wid: vec3u` (workgroup_id) and
 * `grid: vec3u` (num_workgroups). A folded grid may have spare workgroups at its end: compare and return.
 */
export const GROUP_INDEX = 'wid.y * grid.x + wid.x';

/**
 * WGSL, u32, given `wid`: 0 in every `linearGrid`, but unknown to the compiler. A loop over an array that starts at a
 * constant is unrolled by Mesa over the whole array; one that starts at this value is not, and compiles in a tenth of
 * the time.
 */
export const UNKNOWN_ZERO = 'wid.z';

/**
 * Completes a shader's text: directives, the binding block written from `bindings` and `sizes`, functions, body.
 * @throws LimitError where a size that the text reads exceeds u32
 */
export function makeKernel(spec: {
  label: string;
  bindings: readonly Binding[];
  /** Values that the text may read as `sizes.name`; unused ones are left out. */
  sizes?: Sizes;
  grid: readonly [number, number, number];
  flops: number;
  wgsl: Wgsl;
  /** Language features the body needs beyond f16, which follows from the bindings. */
  enables?: readonly ('f16' | 'subgroups' | 'chromium_experimental_subgroup_matrix')[];
}): Kernel {
  const { label, bindings, grid, flops } = spec;
  const enables = new Set<string>(spec.enables ?? []);
  if (bindings.some((b) => b.element === 'f16')) enables.add('f16');
  const head = [...enables].sort().map((name) => `enable ${name};\n`);
  const text = wgslText(spec.wgsl, label);
  const sizes = sizesOf(text, spec.sizes ?? {}, label);
  const block = [...bindings.map(declaration), ...(sizes ? [sizesDeclaration(sizes, bindings.length)] : [])];
  return {
    label,
    wgsl: `${head.join('')}${block.join('')}${text}`,
    bindings,
    ...(sizes && { sizes }),
    grid,
    flops,
    bytes: bindings.reduce((sum, binding) => sum + movedBytes(binding), 0),
  };
}

/**
 * A kernel of a user's text. The declarations stand behind it, so that the compiler counts the user's own lines; an array
 * that the text declares itself, say as array<vec4f>, is left to it.
 * @throws ConfigError where the text declares one at another place than the kernel's list of arrays has it.
 */
export const makeKernelOfText = ({
  label,
  wgsl,
  bindings,
  grid,
  flops,
}: Pick<Kernel, 'label' | 'wgsl' | 'bindings' | 'grid' | 'flops'>): Kernel => ({
  label,
  wgsl: `${wgsl}\n${undeclared(label, wgsl, bindings)}`,
  bindings,
  grid,
  flops,
  own: true,
  bytes: bindings.reduce((sum, binding) => sum + movedBytes(binding), 0),
});

function undeclared(label: string, wgsl: string, bindings: readonly Binding[]): string {
  const code = wgsl.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
  const places = new Map(
    [...code.matchAll(DECLARED)].map(([, attributes, name]) => [
      name,
      ['group', 'binding'].map((which) => new RegExp(`@${which}\\s*\\(\\s*(\\d+)`).exec(attributes!)?.[1]),
    ]),
  );
  return bindings
    .map((binding, index) => {
      const place = places.get(binding.name);
      if (!place) return declaration(binding, index);
      if (place.join() === `0,${index}`) return '';
      throw new ConfigError(
        `${label}: declares ${binding.name} at @group(${place[0]}) @binding(${place[1]}), expected @group(0) @binding(${index})`,
        {
          fix: 'name inputs and outputs in the order of their bindings, inputs first, or leave the declaration out',
        },
      );
    })
    .join('');
}

/** Attributes and name of each storage array. */
const DECLARED = /((?:@\w+\s*\([^)]*\)\s*)+)var\s*<\s*storage\b[^>]*>\s*(\w+)/g;

function declaration({ name, access, element, shared, texture, vector }: Binding, index: number): string {
  const place = `@group(0) @binding(${index})`;
  if (texture) return `${place} var ${name}: texture_storage_2d_array<${TEXTURE_FORMAT}, read>;\n`;
  const declared = access === 'read' && !shared ? 'read' : 'read_write';
  const item = vector ? `vec4<${element}>` : element;
  return `${place} var<storage, ${declared}> ${name}: array<${item}>;\n`;
}

/** The `given` sizes that the text reads, in order of first use; undefined if none. */
function sizesOf(text: string, given: Sizes, label: string): Sizes | undefined {
  const names = [...new Set([...text.matchAll(/\bsizes\.(\w+)/g)].map((match) => match[1]!))];
  for (const name of names) {
    const value = given[name];
    if (value === undefined) throw new Error(`${label}: its text reads sizes.${name}, which is not given`);
    if (Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff) continue;
    throw new LimitError(`${label}: ${name} is ${value}, kernels count to ${0xffff_ffff}`, {
      fix: 'use a smaller batch or size',
    });
  }
  return names.length === 0 ? undefined : Object.fromEntries(names.map((name) => [name, given[name]!]));
}

const sizesDeclaration = (sizes: Sizes, index: number): string =>
  `struct Sizes { ${Object.keys(sizes)
    .map((name) => `${name}: u32`)
    .join(', ')} }\n@group(0) @binding(${index}) var<uniform> sizes: Sizes;\n`;

/** A number as the bits of its float32: among sizes, the text reads it as `bitcast<f32>(sizes.name)`. */
export const floatBits = (value: number): number => new Uint32Array(Float32Array.of(value).buffer)[0]!;

/** Entries of a pipeline's layout: the bindings, then the uniform buffer if sizes are read. */
export const layoutOf = ({ bindings, sizes }: Kernel): (Binding | { readonly access: 'uniform' })[] =>
  sizes ? [...bindings, { access: 'uniform' }] : [...bindings];

/** The same kernel for a dispatch in which the bindings that `shares` picks lie in a buffer that it also writes. */
export function withSharing(kernel: Kernel, shares: (index: number) => boolean): Kernel {
  let { wgsl } = kernel;
  const bindings = kernel.bindings.map((binding, i): Binding => {
    if (binding.access !== 'read' || binding.texture || binding.shared || !shares(i)) return binding;
    const shared: Binding = { ...binding, shared: true };
    wgsl = wgsl.replace(declaration(binding, i), declaration(shared, i));
    return shared;
  });
  return wgsl === kernel.wgsl ? kernel : { ...kernel, wgsl, bindings };
}

const movedBytes = ({ access, element, length, touched = length }: Binding): number =>
  touched * ELEMENT_BYTES[element] * (access === 'readWrite' ? 2 : 1);
