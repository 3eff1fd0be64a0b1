import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const pkg = JSON.parse(read('package.json'));

describe('the package', () => {
  it('the package gives a reason for every dependency', () => {
    const reasons = read('docs/dependencies.md');
    for (const name of Object.keys({ ...pkg.dependencies, ...pkg.devDependencies })) {
      expect(reasons, name).toContain(`\`${name}\``);
    }
  });

  it('the package imports nothing that is not declared', () => {
    const declared = new Set(Object.keys(pkg.dependencies));
    const files = readdirSync(join(root, 'src'), { recursive: true }).map(String);
    const imported = new Set<string>();
    for (const file of files.filter((name) => name.endsWith('.ts'))) {
      // A module's name has no space, which tells it from what lies between two strings, as in 'from' | 'to'.
      for (const [, name] of read(join('src', file)).matchAll(
        /\b(?:from |import |import\()'([^'.\s][^'\s]*)'/g,
      )) {
        // Of an entry of a package, as `csv-parse/sync`, the package.
        const [owner] = /^(?:@[^/]+\/)?[^/]+/.exec(name!)!;
        expect(name!.startsWith('node:') || declared.has(owner), `${file} imports ${name}`).toBe(true);
        imported.add(name!);
      }
    }
    expect([...imported]).toEqual(expect.arrayContaining(['node:fs', 'commander', 'webgpu']));
  });

  it('the package has every file that its exports name', () => {
    const paths = Object.values(pkg.exports).flatMap((entry) =>
      typeof entry === 'string' ? [entry] : Object.values(entry as Record<string, string>),
    );
    expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  it('the package is importable by its own name, entry by entry, and does nothing then', () => {
    const entries = Object.keys(pkg.exports).filter((name) => !name.endsWith('.json'));
    const code = entries.map((name) => `await import('wgad${name.slice(1)}');`).join('');
    const said = execFileSync(process.execPath, ['--input-type=module', '-e', code], {
      cwd: root,
      encoding: 'utf8',
    });
    expect(said).toBe('');
  });

  it('the package has its documents, and links in them lead to what it has', () => {
    const args = ['pack', '--dry-run', '--json', '--ignore-scripts'];
    const [packed] = JSON.parse(execFileSync('npm', args, { cwd: root, encoding: 'utf8' })) as [
      { files: { path: string }[] },
    ];
    const shipped = new Set(packed.files.map(({ path }) => path));
    const folders = new Set([...shipped].map((path) => `${posix.dirname(path)}/`));
    expect(pkg.scripts.prepublishOnly).toContain('npm run --silent docs');
    // Made when it is published.
    const isThere = (path: string): boolean =>
      shipped.has(path) || path === 'docs/reference/index.html' || folders.has(path);
    const pages = [...shipped].filter((path) => path.endsWith('.md'));
    expect(pages).toEqual(expect.arrayContaining(['README.md', 'docs/library.md', 'docs/exports.md']));
    const dead = pages.flatMap((page) =>
      [...read(page).matchAll(/\]\(([^)\s#]+)(?:#[^)]*)?\)/g)].flatMap(([, target]) =>
        /^https?:/.test(target!) || isThere(posix.join(posix.dirname(page), target!))
          ? []
          : [`${page}: ${target}`],
      ),
    );
    expect(dead).toEqual([]);
  });

  it('the Dockerfile copies what .dockerignore lets through, and the manifests of all workspaces', () => {
    const ignore = read('.dockerignore').trim().split('\n');
    expect(ignore.shift()).toBe('*');
    const sent = ignore.map((line) => line.slice(1));
    expect(ignore.map((line) => line[0])).toEqual(sent.map(() => '!'));
    const copies = [...read('Dockerfile').matchAll(/^COPY (?!--from)(.+) \S+$/gm)];
    const copied = new Set(copies.flatMap(([, sources]) => sources!.split(' ')));
    expect([...copied].sort()).toEqual([...sent].sort());
    expect([...copied].filter((name) => !existsSync(join(root, name)))).toEqual([]);
    for (const name of pkg.workspaces) expect(copied).toContain(`${name}/package.json`);
  });

  it('the package has no install scripts of its own', () => {
    for (const name of ['preinstall', 'install', 'postinstall', 'prepare']) {
      expect(pkg.scripts).not.toHaveProperty(name);
    }
  });
});
