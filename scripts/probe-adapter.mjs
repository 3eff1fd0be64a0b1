// Prints the adapter's name and exits 0, or exits 4. A process of its own: a driver may crash it.
import { create, globals } from 'webgpu';

process.env.XDG_RUNTIME_DIR ??= '/tmp';
Object.assign(globalThis, globals);
const gpu = create([]);
const adapter = await gpu.requestAdapter({}).catch(() => null);
const name = adapter ? adapter.info.description || adapter.info.device || adapter.info.vendor : '';
if (!adapter || /\bnull\b/i.test(name)) process.exit(4);
console.log(`${name}${adapter.info.isFallbackAdapter ? ' (software)' : ''}`);
process.exit(0);
