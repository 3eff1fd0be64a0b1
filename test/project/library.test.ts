import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, symlink } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseSafetensors } from '../../src/formats/readSafetensors.ts';
import type { Value } from '../../src/graph/value.ts';
import { RESNETS, resnetFeatures } from '../../src/models/resnet.ts';
import { layersOf } from '../../src/nn/layers.ts';
import { Engine } from '../../src/runtime/engine.ts';
import { findChromium, type Opened, openInChromium, SOFTWARE_WEBGPU } from '../chromium.ts';

const run = promisify(execFile);
/** The first use of a kernel compiles for seconds on a software adapter. */
const SLOW = 400_000;
const root = fileURLToPath(new URL('../..', import.meta.url));

/** What the examples of documents print, one of them the scores of a run, without brackets and types, which Node alone prints. */
const MEASURED = [/^3.13330.26890.50000.8808$/, /^equaltimed$/, /^true(arithmetic|memory|launch)true$/];
const PRINTED = [
  /^49,163,1$/,
  /^4000$/,
  /^true$/,
  /^1,16,16,161,64,4,4true$/,
  /paintedtestgood000.png/,
  /^0input8,64.*output2function1dispatch0only.*computeworkgroupsize/,
];
const SCORES = 4;
const bare = (text: string): string => text.replaceAll(/[A-Z]\w*\(\d+\)|[^a-z0-9.,]/g, '');

const examplesIn = async (path: string): Promise<string[]> =>
  [...(await readFile(join(root, path), 'utf8')).matchAll(/^```js\n([\s\S]*?)^```/gm)].map(
    ([, text]) => text!,
  );

it(
  'docs/library.md has examples that print what they should in Node',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'wgad-library-'));
    await mkdir(join(folder, 'node_modules'));
    await symlink(root, join(folder, 'node_modules', 'wgad'));
    await symlink(join(root, 'weights'), join(folder, 'weights'));
    const wgad = async (...args: string[]): Promise<string> =>
      (await run(process.execPath, [join(root, 'dist/cli/main.js'), ...args], { cwd: folder })).stdout;
    await wgad('data', 'synth', ...'--out data --classes 2 --train 4 --test 4 --size 64'.split(' '));
    const small = '--encoder resnet18_w16 --size 64 --batch 4 --iterations 2 --align-iterations 3'.split(' ');
    await wgad('train', 'data', '--out', 'runs/mine', ...small);
    const examples = await examplesIn('docs/library.md');
    expect(examples).toHaveLength(PRINTED.length);
    const printed: string[] = [];
    for (const [i, example] of examples.entries()) {
      const { stdout } = await run(process.execPath, ['--input-type=module', '-e', example], { cwd: folder });
      expect(bare(stdout)).toMatch(PRINTED[i]!);
      printed.push(stdout);
    }
    const lines = printed[SCORES]!.trim().split('\n');
    const predicted = (await wgad('predict', 'runs/mine', 'data/painted/test')).trim().split('\n');
    expect(lines).toHaveLength(4);
    for (const [i, line] of lines.entries()) {
      const [path, score] = line.split(' ');
      const own = JSON.parse(predicted[i]!) as { path: string; calibrated: number };
      expect(path).toBe(own.path);
      expect(Number(score)).toBeCloseTo(own.calibrated, 5);
    }
  },
  SLOW,
);

it(
  'docs/own-kernels.md and docs/bench.md have examples that print what they should in Node',
  async () => {
    const examples = await measuredExamples();
    expect(examples).toHaveLength(MEASURED.length);
    const folder = await mkdtemp(join(tmpdir(), 'wgad-own-kernels-'));
    await mkdir(join(folder, 'node_modules'));
    await symlink(root, join(folder, 'node_modules', 'wgad'));
    for (const [i, example] of examples.entries()) {
      const { stdout } = await run(process.execPath, ['--input-type=module', '-e', example], { cwd: folder });
      expect(bare(stdout)).toMatch(MEASURED[i]!);
    }
  },
  SLOW,
);

const measuredExamples = async (): Promise<string[]> => [
  ...(await examplesIn('docs/own-kernels.md')),
  ...(await examplesIn('docs/bench.md')),
];

const chromium = findChromium();
if (!chromium) {
  process.stderr.write(
    'library in Chromium: skipped, no chromium or google-chrome here (install one, or name it in WGAD_CHROMIUM)\n',
  );
}

describe.skipIf(!chromium)('the library in Chromium', () => {
  let server: Server;
  let page: Opened;
  beforeAll(async () => {
    server = createServer(
      (request, response) =>
        void serve(request.url!).then(([type, body]) => {
          response.writeHead(body ? 200 : 404, { 'content-type': type }).end(body);
        }),
    );
    await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
    const { port } = server.address() as AddressInfo;
    page = await openInChromium(chromium!, `http://localhost:${port}/`, SOFTWARE_WEBGPU);
  });
  afterAll(async () => {
    await page?.close();
    server?.close();
  });

  it(
    'the library in Chromium runs the examples that need no file',
    async () => {
      const examples = await examplesIn('docs/library.md');
      let tried = 0;
      for (const [i, example] of examples.entries()) {
        if (example.includes("'node:")) continue;
        expect(bare(await page.evaluate<string>(`printed(${JSON.stringify(example)})`))).toMatch(PRINTED[i]!);
        tried += 1;
      }
      expect(tried).toBe(4);
      for (const [i, example] of (await measuredExamples()).entries()) {
        const printed = bare(await page.evaluate<string>(`printed(${JSON.stringify(example)})`));
        expect(printed).toMatch(MEASURED[i]!);
      }
      const [readme] = await examplesIn('README.md');
      expect(await page.evaluate<string>(`printed(${JSON.stringify(readme)})`)).toMatch(/^\d+\.\d+ 8,3,3,3 /);
      expect(page.complaints).toEqual([]);
    },
    SLOW,
  );

  it(
    'the library in Chromium gives the features that Node gives, from the same file',
    async () => {
      const path = 'weights/resnet18_w16.safetensors';
      using engine = await Engine.create();
      const weights = engine.load(await parseSafetensors(new Uint8Array(await readFile(join(root, path)))));
      const features = engine.compile((x: Value) =>
        resnetFeatures(layersOf(weights), x, RESNETS.resnet18_w16),
      );
      const image = Float32Array.from({ length: 3 * 64 * 64 }, (_, i) => Math.sin(i * i));
      const [, , layer3] = await features(engine.tensor(image, [1, 3, 64, 64]));
      const here = await layer3.data();
      const there = await page.evaluate<number[]>(`(async () => {
        const { Engine, layersOf, parseSafetensors } = await import('wgad');
        const { RESNETS, resnetFeatures } = await import('wgad/models');
        const engine = await Engine.create();
        const weights = engine.load(await parseSafetensors(await (await fetch('/${path}')).arrayBuffer()));
        const features = engine.compile((x) => resnetFeatures(layersOf(weights), x, RESNETS.resnet18_w16));
        const image = Float32Array.from({ length: 3 * 64 * 64 }, (_, i) => Math.sin(i * i));
        const [, , layer3] = await features(engine.tensor(image, [1, 3, 64, 64]));
        const numbers = [...await layer3.data()];
        engine.dispose();
        return numbers;
      })()`);
      const norm = (numbers: ArrayLike<number>): number => Math.hypot(...Array.from(numbers));
      expect(there).toHaveLength(here.length);
      expect(norm(there.map((value, i) => value - here[i]!))).toBeLessThan(1e-5 * norm(here));
    },
    SLOW,
  );

  it(
    'the library in Chromium agrees with float64 in every check that wgad doctor makes',
    async () => {
      const findings = await page.evaluate<
        { name: string; maxRelative: number; ok: boolean }[]
      >(`(async () => {
        const [{ openDevice }, { stateStore }, { compilePlan }, { buildPlan }, doctor, { CHECKS }, { updateSpecs }] =
          await Promise.all(
            ['runtime/gpu', 'runtime/state', 'runtime/executable', 'plan/buildPlan', 'doctor/runCheck', 'doctor/checks', 'specs/update']
              .map((name) => import('/dist/' + name + '.js')),
          );
        const gpu = await openDevice();
        const state = stateStore(gpu.device, gpu.buffers);
        const compile = (label, graph) => compilePlan(gpu, buildPlan(graph, gpu.facts, { label }), state);
        const session = { gpu, state, compile };
        const findings = [];
        for (const check of CHECKS) findings.push(...(await doctor.runCheck(session, check)));
        for (const [name, spec] of Object.entries(updateSpecs)) {
          findings.push(await doctor.runUpdate(session, name, spec));
        }
        gpu.close();
        return findings;
      })()`);
      expect(findings.length).toBeGreaterThan(100);
      expect(findings.filter(({ ok }) => !ok)).toEqual([]);
    },
    SLOW,
  );
});

const TYPES: Readonly<Record<string, string>> = { '.js': 'text/javascript', '.html': 'text/html' };

/** The package as its `exports` shows it to a browser, and a function `printed` that says what an example prints. */
async function serve(url: string): Promise<[type: string, body?: Buffer | string]> {
  if (url !== '/') {
    return [
      TYPES[extname(url)] ?? 'application/octet-stream',
      await readFile(join(root, url)).catch(() => undefined),
    ];
  }
  const { exports } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    exports: Record<string, string | { browser?: string }>;
  };
  const imports = Object.fromEntries(
    Object.entries(exports).flatMap(([name, target]) =>
      typeof target === 'object' && target.browser
        ? [[`wgad${name.slice(1)}`, new URL(target.browser, 'http://x/').pathname]]
        : [],
    ),
  );
  const page = `<!doctype html><link rel="icon" href="data:,">
    <script type="importmap">${JSON.stringify({ imports })}</script>
    <script>
      async function printed(example) {
        const lines = [];
        console.log = (...parts) => lines.push(parts.join(' '));
        await import(URL.createObjectURL(new Blob([example], { type: 'text/javascript' })));
        return lines.join(' ');
      }
    </script>`;
  return [TYPES['.html']!, page];
}
