import { GpuError } from '../errors.js';
/**
 * The objects that `create()` returned. If one is collected while its device is in use the process aborts
 * natively; while one is referenced Node does not exit. So: held here from open to close.
 */
const held = new Set();
/**
 * Opens an adapter with its real limits and the optional features the engine knows to use.
 * @throws GpuError E_NO_ADAPTER with what to do on this system.
 */
export async function openGpu(options = {}) {
    if (options.device)
        return adopt(options.device);
    const gpu = await entryPoint(await nativeFlags(options));
    const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' }).catch(() => null);
    if (!adapter) {
        throw new GpuError('E_NO_ADAPTER', 'no usable WebGPU adapter was found', { fix: installHint() });
    }
    const info = adapter.info;
    const description = describe(info);
    if (/\bnull\b/i.test(description.name)) {
        throw new GpuError('E_NO_ADAPTER', 'the Null adapter computes nothing; it serves to validate shaders only', {
            fix: installHint(),
        });
    }
    const wanted = ['shader-f16', 'subgroups', 'timestamp-query'];
    const device = await adapter.requestDevice({
        label: 'wgad',
        requiredFeatures: wanted.filter((feature) => adapter.features.has(feature)),
        requiredLimits: limitsOf(adapter),
    });
    held.add(gpu);
    return {
        device,
        adapter: description,
        subgroupSize: subgroupSize(device, info),
        owned: true,
        close() {
            device.destroy();
            held.delete(gpu);
        },
    };
}
/** Names of all adapters. Node only: elsewhere a browser does not tell. */
export async function listAdapters() {
    try {
        const gpu = await entryPoint(['adapter=no adapter has this name']);
        await gpu.requestAdapter();
        return [];
    }
    catch (error) {
        // The native module offers no list; the error for a name that matches nothing carries one.
        return [...String(error).matchAll(/name: '([^']*)'/g)].map((match) => match[1]);
    }
}
function adopt(device) {
    const info = device.adapterInfo;
    return {
        device,
        adapter: describe(info),
        subgroupSize: subgroupSize(device, info),
        owned: false,
        close() { },
    };
}
function describe(info) {
    const name = info.description || info.device || info.architecture || info.vendor || 'unnamed adapter';
    const text = `${info.vendor} ${info.architecture} ${info.device} ${name}`;
    // isFallbackAdapter is the standard's word for it; the names cover builds that do not set it.
    const software = info.isFallbackAdapter || /llvmpipe|lavapipe|swiftshader|software|basic render/i.test(text);
    return { name, vendor: info.vendor, architecture: info.architecture, software };
}
const subgroupSize = (device, info) => device.features.has('subgroups') && info.subgroupMinSize === info.subgroupMaxSize
    ? info.subgroupMinSize
    : 0;
/** The limits that plans meet, at the adapter's own values: the defaults are far below most hardware. */
function limitsOf(adapter) {
    const names = [
        'maxBufferSize',
        'maxStorageBufferBindingSize',
        'maxStorageBuffersPerShaderStage',
        'maxComputeWorkgroupStorageSize',
        'maxComputeInvocationsPerWorkgroup',
        'maxComputeWorkgroupSizeX',
        'maxComputeWorkgroupSizeY',
    ];
    return Object.fromEntries(names.map((name) => [name, adapter.limits[name]]));
}
async function nativeFlags(options) {
    const flags = [...(options.nativeFlags ?? [])];
    const { adapter } = options;
    if (adapter === undefined || adapter === '')
        return flags;
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
async function entryPoint(flags) {
    const scope = globalThis;
    if (!scope.process?.versions?.node) {
        if (scope.navigator?.gpu)
            return scope.navigator.gpu;
        throw new GpuError('E_NO_ADAPTER', 'this browser has no WebGPU', { fix: 'use a browser with WebGPU on' });
    }
    // Vulkan loaders want a runtime folder; containers and services often have none.
    scope.process.env.XDG_RUNTIME_DIR ??= '/tmp';
    const native = await import('webgpu').catch((cause) => {
        throw new GpuError('E_NO_ADAPTER', 'the package `webgpu` could not be loaded', {
            fix: 'npm install webgpu, on a platform it has a build for',
            cause,
        });
    });
    Object.assign(globalThis, native.globals);
    return native.create([...flags]);
}
function installHint() {
    const platform = globalThis.process?.platform;
    if (platform === 'linux') {
        return 'install a Vulkan driver; for the software adapter: apt-get install mesa-vulkan-drivers libvulkan1 (Mesa 24 or newer; on Debian 12 from bookworm-backports)';
    }
    return 'update the graphics driver; `wgad doctor` lists what is seen';
}
//# sourceMappingURL=open.js.map