import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigError, GpuError } from '../errors.ts';
import { type CompileWork, MARK, OPENED, REFUSED } from './compileWork.ts';
import { standIn } from './standIn.ts';

/** What RADV printed of one kernel. */
export interface Compiled {
  /** Its machine code as text: LLVM's, or ACO's own where LLVM does not know the card. */
  readonly listing: string;
  /** By RADV's names: 'VGPRs', 'Spilled VGPRs', 'LDS size', … */
  readonly statistics: Readonly<Record<string, number>>;
}

export interface Compilation {
  /** The card by its driver's name. */
  readonly device: string;
  /** In the order of the texts; a sentence where Dawn or RADV refuses one. */
  readonly kernels: readonly (Compiled | string)[];
}

/**
 * Compiles texts of WGSL for an AMD card that need not be there.
 * @param family as RADV calls it: navi31, gfx1200, vega20, …
 * @param onDone how many texts are compiled
 * @throws GpuError E_NO_ADAPTER where a tool is missing; ConfigError for a family that RADV does not know.
 */
export async function compileFor(
  family: string,
  texts: readonly string[],
  onDone: (count: number) => void = () => {},
): Promise<Compilation> {
  const folder = await mkdtemp(join(tmpdir(), 'wgad-isa-'));
  try {
    return parseCompilation(await printed({ texts }, standIn(folder, family), onDone), family, texts.length);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Everything that the compiling process prints on stderr. */
function printed(
  work: CompileWork,
  environment: Record<string, string>,
  onDone: (count: number) => void,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, XDG_RUNTIME_DIR: process.env.XDG_RUNTIME_DIR ?? '/tmp', ...environment };
    const child = spawn(process.execPath, [childModule()], { env, stdio: ['pipe', 'ignore', 'pipe'] });
    const parts: Buffer[] = [];
    child.stderr.on('data', (part: Buffer) => {
      parts.push(part);
      const begun = [...part.toString('latin1').matchAll(new RegExp(`^${MARK}(\\d+)$`, 'gm'))].at(-1)?.[1];
      if (begun !== undefined) onDone(Number(begun));
    });
    child.on('error', reject);
    child.on('close', () => resolve(Buffer.concat(parts).toString('utf8')));
    // It may end before it has read all; what it printed then says why.
    child.stdin.on('error', () => {});
    child.stdin.end(JSON.stringify(work));
  });
}

function childModule(): string {
  if (!import.meta.url.endsWith('.ts')) return fileURLToPath(new URL('./compileChild.js', import.meta.url));
  const built = fileURLToPath(new URL('../../dist/isa/compileChild.js', import.meta.url));
  if (existsSync(built)) return built;
  throw new GpuError('E_GPU', `cannot compile kernels: ${built} is missing`, { fix: 'Run `npm run build`.' });
}

/** @param text stderr of the compiling process. */
export function parseCompilation(text: string, family: string, count: number): Compilation {
  if (/radv: Unknown family/.test(text)) {
    throw new ConfigError(`RADV knows no family ${family}`, {
      fix: "use one of Mesa's names, such as navi21, navi31, gfx1200, vega20",
    });
  }
  const device = new RegExp(`^${OPENED}(.*)$`, 'm').exec(text)?.[1];
  if (device === undefined) {
    const last = text.trim().split('\n').slice(-3).join('\n');
    throw new GpuError(
      'E_NO_ADAPTER',
      `Dawn cannot open a ${family} through RADV: ${last || 'it says nothing'}`,
      {
        fix: 'use Mesa 24 or newer',
      },
    );
  }
  const parts = text.split(new RegExp(`^${MARK}`, 'm')).slice(1);
  return {
    device,
    kernels: Array.from({ length: count }, (_, i) => {
      const part = parts[i];
      // The part behind the last begins when the last one is done.
      if (part === undefined || parts[i + 1] === undefined)
        return 'the compiling process ended before it was done';
      return parseKernel(part);
    }),
  };
}

function parseKernel(part: string): Compiled | string {
  const refused = new RegExp(`^${REFUSED}(.*)$`, 'm').exec(part)?.[1];
  if (refused !== undefined) return JSON.parse(refused) as string;
  const [before, after] = part.split('*** SHADER STATS ***') as [string, string?];
  const start = before.search(/^BB0\b/m);
  if (after === undefined || start < 0) return 'RADV printed no machine code of it';
  const statistics = [...after.matchAll(/^([A-Z][\w -]*): (\d+)$/gm)].map(([, name, value]) => [
    name!,
    Number(value),
  ]);
  return {
    listing: before
      .slice(start)
      .replace(/\s*^Compute Shader:\s*$/m, '')
      .trimEnd(),
    statistics: Object.fromEntries(statistics),
  };
}
