import { addressShortage } from '../addressRoom.ts';
import { GpuError } from '../errors.ts';
import { type OptionNames, refuseExtra } from '../options.ts';
import { calmPolling, pollingFor } from './polling.ts';
import { type MatrixSize, matrixSize, SUBGROUP_MATRIX, UNSAFE_APIS } from './subgroupMatrix.ts';
import type { GPU, GPUAdapter, GPUDevice, GPUSupportedLimits } from './webgpuTypes.ts';

/** What is known of an adapter before opening a device. */
export interface AdapterDescription {
  /** The driver's name for it; else vendor and architecture as far as known. */
  readonly name: string;
  /** Empty where unknown, as `architecture`. */
  readonly vendor: string;
  readonly architecture: string;
  /** True if the adapter runs on a CPU. */
  readonly software: boolean;
}

export interface OpenGpu {
  readonly device: GPUDevice;
  readonly adapter: AdapterDescription;
  /** All limits of the adapter, by WebGPU's names; a device gets the defaults of those that plans do not depend on. */
  readonly adapterLimits: Readonly<Record<string, number>>;
  readonly subgroupSize: number;
  /** Present if requested. */
  readonly subgroupMatrix?: MatrixSize;
  /** Whether shaders may read storage textures. */
  readonly readsTextures: boolean;
  /** False for a device that the caller brought: it is never destroyed here. */
  readonly owned: boolean;
  /** Destroys an owned device and lets the process exit. */
  close(): void;
}

/** Which adapter, or whose device. */
export interface OpenOptions {
  /**
   * Bring your own device; all other options are then ignored. In Node, keep the object that `create()` returned, too: the
   * native module aborts where it is collected while its device is in use.
   */
  device?: GPUDevice;
  /** Part of the adapter's name, or its index in `listAdapters()`. Default: high performance first. */
  adapter?: string | number;
  /** Toggles for the native implementation (Node only), such as `enable-dawn-features=…`. */
  nativeFlags?: readonly string[];
  /** Use Dawn's experimental subgroup matrices (Node only); default false. */
  subgroupMatrix?: boolean;
}

export const OPEN_OPTIONS: OptionNames<OpenOptions> = {
  device: true,
  adapter: true,
  nativeFlags: true,
  subgroupMatrix: true,
};

/**
 * The objects that `create()` returned. If one is collected while its device is in use the process aborts
 * natively; while one is referenced Node does not exit. So: held here from open to shortly after close.
 */
const held = new Set<GPU>();
/**
 * Dawn may still be at work on a device that was just destroyed: a test that opened and closed eight of them died in 2 of
 * 6 runs when the entry object was let go at once, and in none of 12 with this delay.
 */
const RELEASE_AFTER_MS = 200;

/**
 * Opens an adapter with its real limits and the optional features the engine knows to use.
 * @throws GpuError E_NO_ADAPTER with what to do on this system; LimitError where subgroup matrices are requested but
 * not available.
 */
export async function openGpu(options: OpenOptions = {}): Promise<OpenGpu> {
  if (options.device) return adopt(options.device);
  const gpu = await entryPoint(await nativeFlags(options));
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' }).catch(() => null);
  if (!adapter) {
    throw new GpuError('E_NO_ADAPTER', 'no usable WebGPU adapter was found', { fix: installHint() });
  }
  const info = adapter.info;
  const description = describe(info);
  if (/\bnull\b/i.test(description.name)) {
    throw new GpuError(
      'E_NO_ADAPTER',
      'the Null adapter computes nothing; it serves to validate shaders only',
      {
        fix: installHint(),
      },
    );
  }
  const matrix = options.subgroupMatrix ? matrixSize(adapter, description.name) : undefined;
  const wanted: GPUFeatureName[] = ['shader-f16', 'subgroups', 'timestamp-query'];
  // Experimental: the standard's types have no name for it.
  if (matrix) wanted.push(SUBGROUP_MATRIX as GPUFeatureName);
  const device = await adapter.requestDevice({
    label: 'wgad',
    requiredFeatures: wanted.filter((feature) => adapter.features.has(feature)),
    requiredLimits: limitsOf(adapter),
  });
  held.add(gpu);
  pollingFor(description.software);
  return {
    device,
    adapter: description,
    adapterLimits: allLimits(adapter.limits),
    subgroupSize: subgroupSize(device, info),
    ...(matrix && { subgroupMatrix: matrix }),
    readsTextures: readsTextures(gpu),
    owned: true,
    close() {
      device.destroy();
      setTimeout(() => held.delete(gpu), RELEASE_AFTER_MS);
    },
  };
}

/**
 * An entry point of its own, for another engine in this process: as if it were `navigator.gpu`, on the adapter that
 * `openGpu` would open. Node only; keep a reference for as long as a device of it is in use (see `held`).
 */
export const openEntry = async (adapter?: string): Promise<GPU> => entryPoint(await nativeFlags({ adapter }));

/** Names of all adapters. Node only: elsewhere a browser does not tell. */
export async function listAdapters(...extra: never[]): Promise<string[]> {
  refuseExtra('listAdapters', extra);
  try {
    const gpu = await entryPoint(['adapter=no adapter has this name']);
    await gpu.requestAdapter();
    return [];
  } catch (error) {
    // The native module has no function for this; the error for an unknown name contains the list.
    return [...String(error).matchAll(/name: '([^']*)'/g)].map((match) => match[1]!);
  }
}

function adopt(device: GPUDevice): OpenGpu {
  const info = device.adapterInfo;
  return {
    device,
    adapter: describe(info),
    adapterLimits: allLimits(device.limits),
    subgroupSize: subgroupSize(device, info),
    readsTextures: readsTextures((globalThis as { navigator?: { gpu?: GPU } }).navigator?.gpu),
    owned: false,
    close() {},
  };
}

function describe(info: GPUAdapterInfo): AdapterDescription {
  const name = info.description || info.device || info.architecture || info.vendor || 'unnamed adapter';
  const text = `${info.vendor} ${info.architecture} ${info.device} ${name}`;
  // isFallbackAdapter is the standard's word for it; the names cover builds that do not set it.
  const software =
    info.isFallbackAdapter || /llvmpipe|lavapipe|swiftshader|software|basic render/i.test(text);
  return { name, vendor: info.vendor, architecture: info.architecture, software };
}

const subgroupSize = (device: GPUDevice, info: GPUAdapterInfo): number =>
  device.features.has('subgroups') && info.subgroupMinSize === info.subgroupMaxSize
    ? info.subgroupMinSize
    : 0;

const readsTextures = (gpu: GPU | undefined): boolean =>
  gpu?.wgslLanguageFeatures.has('readonly_and_readwrite_storage_textures') ?? false;

/** They are accessors of the prototype, which spreading does not copy. */
export function allLimits(limits: GPUSupportedLimits): Record<string, number> {
  const all: Record<string, number> = {};
  for (const name in limits) {
    const value: unknown = limits[name as keyof GPUSupportedLimits];
    if (typeof value === 'number') all[name] = value;
  }
  return all;
}

/** Limits that plans depend on, at the adapter's values: the defaults are far below most hardware. */
function limitsOf(adapter: GPUAdapter): Record<string, number> {
  const names = [
    'maxBufferSize',
    'maxStorageBufferBindingSize',
    'maxStorageBuffersPerShaderStage',
    'maxComputeWorkgroupStorageSize',
    'maxComputeInvocationsPerWorkgroup',
    'maxComputeWorkgroupSizeX',
    'maxComputeWorkgroupSizeY',
    'maxTextureDimension2D',
    'maxTextureArrayLayers',
  ] as const;
  return Object.fromEntries(names.map((name) => [name, adapter.limits[name]]));
}

async function nativeFlags(options: OpenOptions): Promise<string[]> {
  const flags = [...(options.nativeFlags ?? []), ...(options.subgroupMatrix ? [UNSAFE_APIS] : [])];
  const { adapter } = options;
  if (adapter === undefined || adapter === '') return flags;
  const names = await listAdapters();
  const index = typeof adapter === 'number' ? adapter : /^\d+$/.test(adapter) ? Number(adapter) : -1;
  const wanted = String(adapter).toLowerCase();
  const name = index >= 0 ? names[index] : names.find((each) => each.toLowerCase().includes(wanted));
  if (name === undefined) {
    throw new GpuError('E_NO_ADAPTER', `no adapter matches ${JSON.stringify(adapter)}`, {
      fix: names.length > 0 ? `choose one of: ${names.map((n, i) => `${i} ${n}`).join(', ')}` : installHint(),
    });
  }
  return [...flags, `adapter=${name}`];
}

/** `navigator.gpu` in a browser; in Node the native module, loaded only here. */
async function entryPoint(flags: readonly string[]): Promise<GPU> {
  const scope = globalThis as { navigator?: { gpu?: GPU }; process?: NodeJS.Process };
  if (!scope.process?.versions?.node) {
    if (scope.navigator?.gpu) return scope.navigator.gpu;
    throw new GpuError('E_NO_ADAPTER', 'this browser has no WebGPU', { fix: 'use a browser with WebGPU on' });
  }
  const shortage = addressShortage('opening a device');
  if (shortage) throw shortage;
  // Vulkan loaders want a runtime folder; containers and services often have none.
  scope.process.env.XDG_RUNTIME_DIR ??= '/tmp';
  calmPolling();
  const native = await import('webgpu').catch((cause: unknown) => {
    throw new GpuError('E_NO_ADAPTER', 'the package `webgpu` could not be loaded', {
      fix: 'npm install webgpu, on a platform it has a build for',
      cause,
    });
  });
  Object.assign(globalThis, native.globals);
  return native.create([...flags]);
}

function installHint(): string {
  const platform = (globalThis as { process?: NodeJS.Process }).process?.platform;
  if (platform === 'linux') {
    return 'install a Vulkan driver; for the software adapter: apt-get install mesa-vulkan-drivers libvulkan1 (Mesa 24 or newer; on Debian 12 from bookworm-backports)';
  }
  return 'update the graphics driver; `wgad doctor` lists what is seen';
}
