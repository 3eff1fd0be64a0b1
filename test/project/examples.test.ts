import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChromium, openInChromium, SOFTWARE_WEBGPU } from '../chromium.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
/** The first use of a kernel compiles for seconds on a software adapter. */
const SLOW = 400_000;

/** A project of somebody's own: the examples beside the package as it would be installed. */
let folder = '';
const programs: string[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wgad-examples-'));
  await mkdir(join(folder, 'node_modules/@types'), { recursive: true });
  await symlink(root, join(folder, 'node_modules/wgad'));
  await symlink(join(root, 'node_modules/@types/node'), join(folder, 'node_modules/@types/node'));
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  for (const name of await readdir(join(root, 'examples'))) {
    if (!name.endsWith('.ts')) continue;
    programs.push(name);
    await copyFile(join(root, 'examples', name), join(folder, name));
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const example = async (name: string, ...args: string[]): Promise<string> => {
  const loader = join(root, 'node_modules/tsx/dist/loader.mjs');
  const { stdout } = await run(process.execPath, ['--import', loader, `${name}.ts`, ...args], {
    cwd: folder,
  });
  return stdout;
};

/** The example as a browser gets it, and which modules it has something of. */
async function bundle(name: string): Promise<{ program: Uint8Array; modules: string[] }> {
  const { outputFiles, metafile } = await build({
    entryPoints: [join(folder, `${name}.ts`)],
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: 'esm',
    target: 'es2022',
    // What Node alone imports.
    external: ['webgpu', 'node:*'],
  });
  const [{ inputs }] = Object.values(metafile.outputs) as [(typeof metafile.outputs)[string]];
  const modules = Object.entries(inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
  return { program: outputFiles[0]!.contents, modules: modules.map(([path]) => path) };
}

describe('the examples', () => {
  it('the examples are below 60 lines each', async () => {
    expect(programs).toEqual(expect.arrayContaining(['mlp.ts', 'cnn.ts', 'transformer.ts', 'siren.ts']));
    for (const name of programs) {
      const lines = (await readFile(join(folder, name), 'utf8')).split('\n').length - 1;
      expect(lines, name).toBeLessThan(60);
    }
  });

  it('docs/examples.md shows the examples as they are', async () => {
    const page = await readFile(join(root, 'docs/examples.md'), 'utf8');
    const shown = [...page.matchAll(/^`examples\/([\w.]+)`:\n\n```ts\n([\s\S]*?)^```$/gm)];
    expect(shown.length).toBeGreaterThanOrEqual(6);
    for (const [, name, text] of shown) {
      expect(text, name).toBe(await readFile(join(root, 'examples', name!), 'utf8'));
    }
  });

  it('the examples compile strictly against the package’s declarations', async () => {
    const compilerOptions = {
      ...{ strict: true, noUncheckedIndexedAccess: true, noEmit: true, skipLibCheck: true },
      ...{ target: 'es2022', module: 'nodenext', moduleResolution: 'nodenext' },
      ...{ lib: ['es2022', 'dom'], types: ['node'] },
    };
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: programs }));
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const said = await run(process.execPath, [tsc, '-p', folder]).then(
      () => '',
      (error: { stdout: string }) => error.stdout,
    );
    expect(said).toBe('');
  });

  it(
    'mlp.ts learns',
    async () => {
      const said = await example('mlp');
      expect(said).toMatch(/^step 0, loss 0\.[67]/);
      expect(Number(/(\d+) of 256 points right/.exec(said)![1])).toBeGreaterThan(250);
    },
    SLOW,
  );

  it(
    'cnn.ts goes on from its checkpoint to the same bytes',
    async () => {
      await example('cnn', 'parts.safetensors', '2');
      await example('cnn', 'parts.safetensors', '5');
      expect(await example('cnn', 'whole.safetensors', '5')).toMatch(/of 32 right/);
      const [parts, whole] = await Promise.all(
        ['parts', 'whole'].map((name) => readFile(join(folder, `${name}.safetensors`))),
      );
      expect(parts!.equals(whole!)).toBe(true);
    },
    SLOW,
  );

  it(
    'transformer.ts learns, and writes',
    async () => {
      const said = await example('transformer', '4');
      const [first, last] = [...said.matchAll(/loss (\d+\.\d+)/g)].map(([, loss]) => Number(loss));
      expect(last).toBeLessThan(first!);
      // It begins with the letters that it is given.
      expect(said).toContain('\n/** A small transformer learns t');
    },
    SLOW,
  );

  it(
    'siren.ts learns',
    async () => {
      const said = await example('siren', '20');
      const [first, last] = [...said.matchAll(/PSNR (-?\d+\.\d+)/g)].map(([, psnr]) => Number(psnr));
      expect(last).toBeGreaterThan(first! + 1);
    },
    SLOW,
  );

  it(
    'poisson.ts solves its equation',
    async () => {
      const said = await example('poisson', '200');
      expect(Number(/largest error (\d+\.\d+)/.exec(said)![1])).toBeLessThan(0.02);
    },
    SLOW,
  );

  it(
    'tiledMatmul.ts is checked, measured against the roofline, and by turns',
    async () => {
      const tables = (await example('tiledMatmul', '64')).trim().split('\n\n');
      expect(tables).toHaveLength(2);
      const pairs = [
        ['tiled, 1 a thread', 'tiled, 4 a thread'],
        ['tiled, 4 a thread', 'matmul'],
      ];
      for (const [i, names] of pairs.entries()) {
        const table = tables[i]!;
        expect(table).toMatch(/of roofline % +bound by +times as fast$/m);
        for (const name of names) expect(table).toContain(`op ${name}`);
        expect(table).toMatch(/\d\.\d\d \(\d+\.\d+ to \d+\.\d+\)$/m);
        expect(Number(/largest difference (\S+)/.exec(table)?.[1])).toBeLessThan(1e-4);
      }
    },
    SLOW,
  );
});

describe('in a browser', () => {
  it('the bundle of mlp.ts has at most 74 kB gzip', async () => {
    const size = gzipSync((await bundle('mlp')).program, { level: 9 }).length;
    expect(size).toBeGreaterThan(30_000);
    expect(size).toBeLessThanOrEqual(74_000);
  });

  it('the bundle of mlp.ts holds no kernels of convolutions, attention, searches or indices', async () => {
    const { modules } = await bundle('mlp');
    expect(modules.filter((path) => /kernels\/(reduce|pointwise|gemm\/blocked)/.test(path))).not.toEqual([]);
    expect(
      modules.filter((path) =>
        /kernels\/(attention|nearest|batchNorm|gemm\/winograd|select|scatter|sort|topK|resample)/.test(path),
      ),
    ).toEqual([]);
  });

  const chromium = findChromium();
  it.skipIf(!chromium)(
    'browser.ts learns and paints',
    async () => {
      const { program } = await bundle('browser');
      const page = await readFile(join(root, 'examples/browser.html'));
      const server: Server = createServer(({ url }, response) => {
        const [type, body] = url === '/' ? ['text/html', page] : ['text/javascript', program];
        response.writeHead(/^\/(browser\.js)?$/.test(url!) ? 200 : 404, { 'content-type': type }).end(body);
      });
      await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
      const { port } = server.address() as AddressInfo;
      const opened = await openInChromium(chromium!, `http://localhost:${port}/`, SOFTWARE_WEBGPU);
      try {
        const said = await opened.evaluate<string>(`new Promise((resolve) => {
          const look = () => {
            const text = document.querySelector('#state').textContent;
            if (text.startsWith('step 200')) resolve(text); else setTimeout(look, 100);
          };
          look();
        })`);
        expect(Number(/loss (\d+\.\d+)/.exec(said)![1])).toBeLessThan(0.2);
        const red = await opened.evaluate<number[]>(`(() => {
          const { data } = document.querySelector('#picture').getContext('2d').getImageData(0, 0, 64, 64);
          return [data[4 * 32], data[4 * (63 * 64 + 32)]];
        })()`);
        // Above the curve the other side than below it.
        expect(red[0]).toBeLessThan(64);
        expect(red[1]).toBeGreaterThan(192);
      } finally {
        await opened.close();
        server.close();
      }
    },
    SLOW,
  );
});
