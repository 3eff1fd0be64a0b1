/**
 * A process that compiles kernels on the card of its environment (see standIn.ts), one after the other: `CompileWork` on
 * stdin. RADV prints on stderr, between the marks written here.
 */
import { readFileSync, writeSync } from 'node:fs';
import { create, globals } from 'webgpu';
import { allLimits } from '../gpu/open.ts';
import { SUBGROUP_MATRIX, UNSAFE_APIS } from '../gpu/subgroupMatrix.ts';
import { type CompileWork, MARK, OPENED, REFUSED } from './compileWork.ts';

const STDERR = 2;
Object.assign(globalThis, globals);
const { texts } = JSON.parse(readFileSync(0, 'utf8')) as CompileWork;
const entry = create([UNSAFE_APIS, 'backend=vulkan']);
const adapter = await entry.requestAdapter();
if (adapter) {
  const wanted = ['shader-f16', 'subgroups', SUBGROUP_MATRIX] as GPUFeatureName[];
  const limits = allLimits(adapter.limits);
  const names = Object.keys(limits).filter((name) => /compute|storage(Buffers|Textures)/i.test(name));
  const device = await adapter.requestDevice({
    requiredFeatures: wanted.filter((feature) => adapter.features.has(feature)),
    requiredLimits: Object.fromEntries(names.map((name) => [name, limits[name]!])),
  });
  writeSync(STDERR, `\n${OPENED}${adapter.info.description || adapter.info.device}\n`);
  for (const [i, code] of texts.entries()) {
    writeSync(STDERR, `\n${MARK}${i}\n`);
    try {
      const module = device.createShaderModule({ code });
      const { messages } = await module.getCompilationInfo();
      const errors = messages.filter(({ type }) => type === 'error');
      if (errors.length > 0) {
        throw new Error(
          errors.map(({ lineNum, linePos, message }) => `${lineNum}:${linePos} ${message}`).join('\n'),
        );
      }
      await device.createComputePipelineAsync({ layout: 'auto', compute: { module, entryPoint: 'main' } });
    } catch (error) {
      writeSync(
        STDERR,
        `\n${REFUSED}${JSON.stringify(error instanceof Error ? error.message : String(error))}\n`,
      );
    }
  }
  writeSync(STDERR, `\n${MARK}end\n`);
}
// Dawn would wait for submissions that were never made.
process.exit(0);
