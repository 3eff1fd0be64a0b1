import { GpuError } from '../errors.ts';
import { TEXTURE_FORMAT } from './buffers.ts';
import type { GPUComputePipeline, GPUDevice } from './webgpuTypes.ts';

/** Properties of a binding that a pipeline depends on. */
interface BindingUse {
  readonly access: 'read' | 'write' | 'readWrite' | 'uniform';
  /** Set where it is read only, and declared `read_write`. */
  readonly shared?: true;
  /** Set where it is a texture of four f32 a texel. */
  readonly texture?: object;
}

/** Compute pipelines by the text of their shader, and by nothing else: the text is all that they depend on. */
export interface PipelineCache {
  /** Pipelines in use, and up to `SPARE` kept in case their text is needed again. */
  readonly size: number;
  /** Whether it is one of them. */
  has(wgsl: string): boolean;
  /** Compiled asynchronously; two leases of one text share one compilation. Entry point `main`. @param own whether the text is a user's, for the error's advice; default false. */
  lease(label: string, wgsl: string, bindings: readonly BindingUse[], own?: boolean): PipelineLease;
  /** Forgets those that nothing uses and that were kept for `keeper`. */
  forget(keeper: object): void;
  /** Forgets all; leases that are out keep theirs. */
  clear(): void;
  /** Ends all leases. What had none between the last `KEPT_FOR` calls is forgotten. */
  endLeases(): void;
  /** Settles once no compilation is in progress; undefined if none is. */
  compiled(): Promise<unknown> | undefined;
}

/** A use of a pipeline, which is kept as long as it has one. */
export interface PipelineLease {
  readonly pipeline: Promise<GPUComputePipeline>;
  /** @param keeper for whom it is kept after its last use; null: drop it at once. Calling it twice is harmless. */
  release(keeper: object | null): void;
}

/**
 * Pipelines kept that nothing uses: a shape that comes back finds its own. As many as one or two networks have; each
 * takes 0.2 to 1 MB of the process on a software adapter.
 */
const SPARE = 128;
/** A training, a test and a report open a device each, and need each other's kernels. */
const KEPT_FOR = 3;
/** Keeper for pipelines that anyone may reuse. */
export const ANYONE: object = {};

const OUR_FAULT = 'this is a fault of wgad or of the driver: please report it';
const OWN_FAULT = 'mend the kernel; lines are those of its text, and its arrays are declared behind it';

interface Entry {
  readonly pipeline: Promise<GPUComputePipeline>;
  leases: number;
  /** How many times `endLeases` was called since it was last leased. */
  age: number;
}

export function pipelineCache(device: GPUDevice, spare = SPARE): PipelineCache {
  const entries = new Map<string, Entry>();
  const compiling = new Set<Promise<GPUComputePipeline>>();
  /** Unused texts and their keepers; most recently used last. */
  const idle = new Map<string, object>();
  const layouts = new Map<string, { group: GPUBindGroupLayout; pipeline: GPUPipelineLayout }>();
  const forgetText = (wgsl: string): void => {
    entries.delete(wgsl);
    idle.delete(wgsl);
  };
  const made = (label: string, wgsl: string, bindings: readonly BindingUse[], own: boolean): Entry => {
    const fix = own ? OWN_FAULT : OUR_FAULT;
    const pipeline = compile(
      device,
      { label, wgsl, fix, prefix: own ? `${label}:` : '' },
      layoutFor(device, layouts, bindings),
    );
    const entry = { pipeline, leases: 0, age: 0 };
    entries.set(wgsl, entry);
    compiling.add(pipeline);
    const done = (): void => void compiling.delete(pipeline);
    pipeline.then(done, done);
    // A failed compilation is tried again at the next request.
    pipeline.catch(() => {
      if (entries.get(wgsl)?.pipeline === pipeline) forgetText(wgsl);
    });
    return entry;
  };
  return {
    get size() {
      return entries.size;
    },
    has: (wgsl) => entries.has(wgsl),
    lease(label, wgsl, bindings, own = false) {
      const entry = entries.get(wgsl) ?? made(label, wgsl, bindings, own);
      entry.leases += 1;
      entry.age = 0;
      idle.delete(wgsl);
      let released = false;
      return {
        pipeline: entry.pipeline,
        release(keeper) {
          if (released) return;
          released = true;
          entry.leases -= 1;
          if (entry.leases > 0 || entries.get(wgsl) !== entry) return;
          if (keeper) idle.set(wgsl, keeper);
          else forgetText(wgsl);
          for (const oldest of idle.keys()) {
            if (idle.size <= spare) break;
            forgetText(oldest);
          }
        },
      };
    },
    forget(keeper) {
      for (const [wgsl, each] of idle) if (each === keeper) forgetText(wgsl);
    },
    endLeases() {
      for (const [wgsl, entry] of entries) {
        if (entry.age >= KEPT_FOR) forgetText(wgsl);
        else {
          // Another entry: releases of the old one are of no more concern.
          entries.set(wgsl, { pipeline: entry.pipeline, leases: 0, age: entry.age + 1 });
          idle.set(wgsl, ANYONE);
        }
      }
    },
    clear() {
      entries.clear();
      idle.clear();
    },
    compiled: () => (compiling.size > 0 ? Promise.allSettled(compiling) : undefined),
  };
}

/** Kernels that bind alike share one explicit layout, so that bind groups do not depend on the pipeline. */
function layoutFor(
  device: GPUDevice,
  layouts: Map<string, { group: GPUBindGroupLayout; pipeline: GPUPipelineLayout }>,
  bindings: readonly BindingUse[],
): GPUPipelineLayout {
  const key = bindings.map(letterOf).join('');
  const known = layouts.get(key);
  if (known) return known.pipeline;
  const group = device.createBindGroupLayout({
    label: `bindings ${key}`,
    entries: bindings.map((b, binding) => ({
      binding,
      visibility: GPUShaderStage.COMPUTE,
      ...(b.texture
        ? {
            storageTexture: {
              access: 'read-only',
              format: TEXTURE_FORMAT,
              viewDimension: '2d-array',
            } as const,
          }
        : { buffer: { type: BUFFER_TYPES[letterOf(b)] } }),
    })),
  });
  const pipeline = device.createPipelineLayout({ label: `bindings ${key}`, bindGroupLayouts: [group] });
  layouts.set(key, { group, pipeline });
  return pipeline;
}

const BUFFER_TYPES: Record<string, GPUBufferBindingType> = {
  r: 'read-only-storage',
  w: 'storage',
  u: 'uniform',
};

function letterOf({ access, shared, texture }: BindingUse): string {
  if (texture) return 't';
  if (access === 'uniform') return 'u';
  return access === 'read' && !shared ? 'r' : 'w';
}

/** @throws GpuError with the compiler's words and the numbered text; the device's own error listeners do not see it. */
async function compile(
  device: GPUDevice,
  { label, wgsl, fix, prefix }: { label: string; wgsl: string; fix: string; prefix: string },
  layout: GPUPipelineLayout,
): Promise<GPUComputePipeline> {
  // Without a scope, a text that does not compile is an error of the device, after which it cannot be trusted.
  device.pushErrorScope('validation');
  const module = device.createShaderModule({ label, code: wgsl });
  const [refused, made] = await Promise.allSettled([
    device.popErrorScope(),
    device.createComputePipelineAsync({ label, layout, compute: { module, entryPoint: 'main' } }),
  ]);
  if (made.status === 'fulfilled') return made.value;
  const error = refused.status === 'fulfilled' ? refused.value : null;
  const said = (await compilerWords(module, prefix)) || (error ?? (made.reason as Error)).message;
  const numbered = wgsl.split('\n').map((line, i) => `${String(i + 1).padStart(4)} ${line}`);
  throw new GpuError('E_GPU', `${label}: the shader does not compile:\n${said}\n${numbered.join('\n')}`, {
    fix,
    cause: made.reason,
  });
}

/** @param prefix before line and column: editors open `my.wgsl:6:12`. */
async function compilerWords(module: GPUShaderModule, prefix: string): Promise<string> {
  try {
    const { messages } = await module.getCompilationInfo();
    return messages.map((m) => `${prefix}${m.lineNum}:${m.linePos} ${m.message}`).join('\n');
  } catch {
    return ''; // the device was lost meanwhile
  }
}
