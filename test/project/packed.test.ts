import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const SLOW = 300_000;
const root = fileURLToPath(new URL('../..', import.meta.url));
const pkg = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

let folder = '';
/** Where the tarball was unpacked, as npm does it. */
let packed = '';
let user = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wgad-packed-'));
  // Packed from a copy: packing builds dist anew, which other tests use meanwhile.
  const clone = join(folder, 'clone');
  await mkdir(clone);
  const files = (pkg.files as string[]).filter((name) => !name.startsWith('!') && name !== 'dist');
  for (const name of [
    ...files,
    'package.json',
    'src',
    'site',
    'scripts',
    'tsconfig.json',
    'tsconfig.build.json',
  ]) {
    await cp(join(root, name), join(clone, name), { recursive: true });
  }
  await symlink(join(root, 'node_modules'), join(clone, 'node_modules'));
  // What an earlier build left must not be shipped.
  await mkdir(join(clone, 'dist'));
  await writeFile(join(clone, 'dist', 'stale.js'), '');
  await run('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: clone, shell: isWindows });
  const [tarball] = (await readdir(folder)).filter((name) => name.endsWith('.tgz'));
  expect(tarball).toBe(`wgad-${pkg.version}.tgz`);
  user = join(folder, 'user');
  const modules = join(user, 'node_modules');
  await mkdir(modules, { recursive: true });
  await run('tar', ['-xzf', join(folder, tarball!), '-C', modules]);
  packed = join(modules, 'wgad');
  await cp(join(modules, 'package'), packed, { recursive: true });
  await rm(join(modules, 'package'), { recursive: true });
  // The dependencies as they are installed here, and nothing that is for development alone.
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (!name.startsWith('.') && !name.startsWith('wgad')) {
      await symlink(join(root, 'node_modules', name), join(modules, name), 'junction');
    }
  }
}, SLOW);
afterAll(() => rm(folder, { recursive: true, force: true }));

const isWindows = process.platform === 'win32';
const all = (): string[] =>
  readdirSync(packed, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(packed.length + 1)
        .replaceAll('\\', '/'),
    );

describe('the tarball', () => {
  it('holds what a user needs and no more', () => {
    const names = all();
    for (const name of [
      'README.md',
      'CHANGELOG.md',
      'LICENSE',
      'SECURITY.md',
      'CONTRIBUTING.md',
      'Dockerfile',
    ]) {
      expect(names).toContain(name);
    }
    for (const name of ['docs/serve.md', 'docs/scale.md', 'docs/library.md', 'examples/kubernetes.yaml']) {
      expect(names).toContain(name);
    }
    const tops = new Set(names.map((name) => name.split('/')[0]!));
    expect([...tops].filter((name) => name.includes('.') === false).sort()).toEqual(
      ['Dockerfile', 'LICENSE', 'bench', 'dist', 'docs', 'examples', 'weights'].sort(),
    );
    // What documents link to.
    expect(names.filter((name) => /^bench\/.*(?<!\.svg)$/.test(name))).toEqual(['bench/README.md']);
    expect(
      names.filter((name) => /stale|\.wgad-build|journal|node_modules|\.test\.|\.tmp$/.test(name)),
    ).toEqual([]);
  });

  it('has a module in dist for each of src, and source maps that hold their sources', () => {
    const names = all();
    // The pages are bundles of their own.
    const modules = names.filter((name) => /^dist\/(?!site\/).*\.js$/.test(name));
    expect(modules.length).toBeGreaterThan(500);
    for (const name of modules) {
      const source = join(root, name.replace(/^dist/, 'src').replace(/\.js$/, '.ts'));
      expect(existsSync(source), name).toBe(true);
      const text = readFileSync(join(packed, name), 'utf8');
      const map = /sourceMappingURL=(.+)\s*$/.exec(text)![1]!;
      const { sources, sourcesContent } = JSON.parse(readFileSync(join(packed, dirname(name), map), 'utf8'));
      expect(sources.map((each: string) => basename(each))).toEqual([basename(source)]);
      expect(sourcesContent[0], name).toBe(readFileSync(source, 'utf8'));
    }
  });

  it(
    'is imported, entry by entry, and run, in an empty folder',
    async () => {
      const entries = Object.keys(pkg.exports).filter((name) => !name.endsWith('.json'));
      const code = entries.map((name) => `await import('wgad${name.slice(1)}');`).join('');
      const import_ = await run(process.execPath, ['--input-type=module', '-e', code], { cwd: user });
      expect(import_.stdout + import_.stderr).toBe('');
      const main = join(packed, pkg.bin.wgad);
      const version = await run(process.execPath, [main, '--version'], { cwd: user });
      expect(version.stdout).toContain(`wgad ${pkg.version}`);
      const small = ['--classes', '2', '--train', '2', '--test', '2', '--size', '64'];
      const drawn = await run(process.execPath, [main, 'data', 'synth', '--out', 'photos', ...small], {
        cwd: user,
      });
      expect(drawn.stdout).toContain('photos');
    },
    SLOW,
  );
});
