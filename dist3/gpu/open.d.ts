/** What is known of an adapter before opening a device. */
export interface AdapterDescription {
    readonly name: string;
    readonly vendor: string;
    readonly architecture: string;
    /** True where a CPU pretends to be a GPU. */
    readonly software: boolean;
}
export interface OpenGpu {
    readonly device: GPUDevice;
    readonly adapter: AdapterDescription;
    readonly subgroupSize: number;
    /** False for a device that the caller brought: it is never destroyed here. */
    readonly owned: boolean;
    /** Destroys an owned device and lets the process exit. */
    close(): void;
}
export interface OpenOptions {
    /** Bring your own device; all other options are then ignored. */
    device?: GPUDevice;
    /** Part of the adapter's name, or its index in `listAdapters()`. Default: high performance first. */
    adapter?: string | number;
    /** Toggles for the native implementation (Node only), such as `enable-dawn-features=…`. */
    nativeFlags?: readonly string[];
}
/**
 * Opens an adapter with its real limits and the optional features the engine knows to use.
 * @throws GpuError E_NO_ADAPTER with what to do on this system.
 */
export declare function openGpu(options?: OpenOptions): Promise<OpenGpu>;
/** Names of all adapters. Node only: elsewhere a browser does not tell. */
export declare function listAdapters(): Promise<string[]>;
