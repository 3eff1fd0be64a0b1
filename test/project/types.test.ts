import { execFile, execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { copyFile, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/**
 * The package's declarations as a project without anything else compiles them: strict, `skipLibCheck` off, by the oldest
 * TypeScript that they are made for and the newest.
 */

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const COMPILERS = {
  oldest: join(root, 'test/types/node_modules/typescript/bin/tsc'),
  newest: join(root, 'node_modules/typescript/bin/tsc'),
};
const pkg = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const entries = Object.keys(pkg.exports)
  .filter((name) => !name.endsWith('.json'))
  .map((name) => `wgad${name.slice(1)}`);

/** The examples of a page, which say `wgad` where a user would. */
const examplesOf = (page: string): string[] =>
  [...readFileSync(join(root, page), 'utf8').matchAll(/^```(?:js|ts)\n([\s\S]*?)^```/gm)].map(
    ([, text]) => text!,
  );

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wgad-types-'));
  const packed = JSON.parse(
    execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: root, encoding: 'utf8' }),
  ) as { files: { path: string }[] }[];
  const declared = packed[0]!.files
    .map(({ path }) => path)
    .filter((path) => /\.d\.ts$|^package\.json$/.test(path));
  for (const path of declared) {
    const target = join(folder, 'node_modules/wgad', path);
    await mkdir(dirname(target), { recursive: true });
    await copyFile(join(root, path), target);
  }
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What the compiler says of `files` (names to texts) in the project. */
async function complaints(
  compiler: keyof typeof COMPILERS,
  lib: readonly string[],
  files: Readonly<Record<string, string>>,
  types: readonly string[] = [],
): Promise<string> {
  const project = await mkdtemp(join(folder, 'project-'));
  for (const [name, text] of Object.entries(files)) await writeFile(join(project, name), text);
  const compilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: false,
    target: 'es2022',
    module: 'nodenext',
    moduleResolution: 'nodenext',
    lib,
    types,
  };
  await writeFile(
    join(project, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, files: Object.keys(files) }),
  );
  try {
    await run(process.execPath, [COMPILERS[compiler], '-p', project]);
    return '';
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

const LIBS = [['es2022'], ['es2022', 'dom'], ['esnext', 'dom', 'dom.iterable']];

describe.each(Object.keys(COMPILERS) as (keyof typeof COMPILERS)[])('the %s TypeScript', (compiler) => {
  it.each(LIBS)('every entry compiles with lib %s %s %s', async (...lib) => {
    const all = entries.map((entry, i) => `export * as entry${i} from '${entry}';`).join('\n');
    expect(await complaints(compiler, lib.filter(Boolean), { 'all.ts': all })).toBe('');
  });

  it('the types take every structure of values, and refuse what a call would refuse', async () => {
    const text = await readFile(join(root, 'test/types/structures.ts'), 'utf8');
    const files = { 'structures.ts': text.replaceAll('../../src/index.ts', 'wgad') };
    expect(await complaints(compiler, ['es2022'], files)).toBe('');
  });

  it('the examples of the README and of docs/library.md compile', async () => {
    const node = join(folder, 'node_modules/@types/node');
    await cp(join(root, 'node_modules/@types/node'), node, { recursive: true, force: true });
    await cp(join(root, 'node_modules/undici-types'), join(folder, 'node_modules/undici-types'), {
      recursive: true,
    });
    const examples = [...examplesOf('README.md'), ...examplesOf('docs/library.md')];
    expect(examples.length).toBeGreaterThan(5);
    const files = Object.fromEntries(examples.map((text, i) => [`example${i}.ts`, text]));
    expect(await complaints(compiler, ['es2022', 'dom'], files, ['node'])).toBe('');
  });
});

// By the newest, which takes a tenth of the time: what an entry imports does not go by the compiler.
it.each(entries)('%s compiles by itself', async (entry) => {
  expect(await complaints('newest', ['es2022'], { 'one.ts': `export * from '${entry}';` })).toBe('');
});

it('knows the device where a program has types of WebGPU', async () => {
  const files = {
    'device.ts': `import { Engine } from 'wgad';
      export const use = async (device: GPUDevice): Promise<GPUDevice> => (await Engine.create({ device })).gpu.device;
      // @ts-expect-error
      export const wrong = Engine.create({ device: 3 });`,
  };
  expect(await complaints('newest', ['es2022', 'dom'], files)).toBe('');
  await cp(join(root, 'node_modules/@webgpu/types'), join(folder, 'node_modules/@webgpu/types'), {
    recursive: true,
  });
  expect(await complaints('oldest', ['es2022', 'dom'], files, ['@webgpu/types'])).toBe('');
});
