import { GpuError } from '../errors.ts';
import { IMAGE_FORMAT } from './buffers.ts';

/** What a pipeline needs to know of a binding. */
export interface BindingUse {
  readonly access: 'read' | 'write' | 'readWrite' | 'uniform';
  /** Set where it is read only, and declared `read_write`. */
  readonly shared?: true;
  /** Set where it is a texture of four f32 a texel. */
  readonly image?: object;
}

/** Compute pipelines by the text of their shader, and by nothing else: the text is all that they depend on. */
export interface PipelineCache {
  readonly size: number;
  /** Compiled asynchronously; two calls with one text share one compilation. Entry point `main`. */
  get(label: string, wgsl: string, bindings: readonly BindingUse[]): Promise<GPUComputePipeline>;
}

export function pipelineCache(device: GPUDevice): PipelineCache {
  const pipelines = new Map<string, Promise<GPUComputePipeline>>();
  const layouts = new Map<string, { group: GPUBindGroupLayout; pipeline: GPUPipelineLayout }>();
  return {
    get size() {
      return pipelines.size;
    },
    get(label, wgsl, bindings) {
      const known = pipelines.get(wgsl);
      if (known) return known;
      const made = compile(device, label, wgsl, layoutFor(device, layouts, bindings));
      pipelines.set(wgsl, made);
      // What failed is tried again where it is asked for again.
      made.catch(() => pipelines.delete(wgsl));
      return made;
    },
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
      ...(b.image
        ? {
            storageTexture: {
              access: 'read-only',
              format: IMAGE_FORMAT,
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

function letterOf({ access, shared, image }: BindingUse): string {
  if (image) return 'i';
  if (access === 'uniform') return 'u';
  return access === 'read' && !shared ? 'r' : 'w';
}

/** @throws GpuError with the compiler's words and the numbered text; nothing of it reaches those who listen to the device. */
async function compile(
  device: GPUDevice,
  label: string,
  wgsl: string,
  layout: GPUPipelineLayout,
): Promise<GPUComputePipeline> {
  // Without a scope a text that does not compile is an error of the device, after which nothing on it can be trusted.
  device.pushErrorScope('validation');
  const module = device.createShaderModule({ label, code: wgsl });
  const [refused, made] = await Promise.allSettled([
    device.popErrorScope(),
    device.createComputePipelineAsync({ label, layout, compute: { module, entryPoint: 'main' } }),
  ]);
  if (made.status === 'fulfilled') return made.value;
  const error = refused.status === 'fulfilled' ? refused.value : null;
  const said = (await compilerWords(module)) || (error ?? (made.reason as Error)).message;
  const numbered = wgsl.split('\n').map((line, i) => `${String(i + 1).padStart(4)} ${line}`);
  throw new GpuError('E_GPU', `${label}: the shader does not compile:\n${said}\n${numbered.join('\n')}`, {
    fix: 'this is a fault of wgad or of the driver: please report it',
    cause: made.reason,
  });
}

async function compilerWords(module: GPUShaderModule): Promise<string> {
  try {
    const { messages } = await module.getCompilationInfo();
    return messages.map((m) => `${m.lineNum}:${m.linePos} ${m.message}`).join('\n');
  } catch {
    return ''; // the device was lost meanwhile
  }
}
