import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { wgadHere } from '../cli/wgad.ts';

const run = promisify(execFile);
/** The first use of a kernel compiles for seconds on a software adapter. */
const SLOW = 900_000;
const root = fileURLToPath(new URL('../..', import.meta.url));
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const scripts: Record<string, string> = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).scripts;

const blocks = (language: string): string[] =>
  [...readme.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\``, 'gm'))].map(([, text]) => text!);
const commands = [
  ...blocks('sh').flatMap((block) => block.trim().split('\n')),
  ...[...readme.matchAll(/`((?:npx wgad|npm run) [^`]+)`/g)].map(([, command]) => command!),
];
/** Makes every command small where its own flags do not say otherwise. */
const SMALL = {
  // The kernels of other tests, which the driver keeps.
  WGAD_ENCODER: 'resnet18_w16',
  WGAD_CLASSES: '2',
  WGAD_TRAIN: '4',
  WGAD_TEST: '4',
  WGAD_SIZE: '64',
  WGAD_BATCH: '4',
  WGAD_ITERATIONS: '2',
  WGAD_ALIGN_ITERATIONS: '3',
  // So few images cannot vouch for less.
  WGAD_FPR: '0.2',
  // Of the products that are timed.
  WGAD_FILTER: 'conv2d 3x3 s2',
};

/** Commands that take long, in the words in which another test runs them. */
const ELSEWHERE: ReadonlyMap<string, readonly [file: string, words: string]> = new Map([
  ['npx wgad doctor', ['test/cli/doctor.test.ts', "wgad(['doctor', "]],
  ['npx wgad reproduce table4 --quick', ['test/cli/reproduce.test.ts', "quick('table4')"]],
]);

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wgad-readme-'));
  // As npm installs it for a user.
  const bin = join(folder, 'node_modules', '.bin');
  await mkdir(bin, { recursive: true });
  await chmod(join(root, 'dist', 'cli', 'main.js'), 0o755);
  await symlink(join(root, 'dist', 'cli', 'main.js'), join(bin, 'wgad'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const shell = (command: string, cwd: string, env = {}) =>
  run('bash', ['-c', command], { cwd, env: { ...process.env, ...SMALL, ...env }, maxBuffer: 1e8 });

/** What `command` prints in the folder, by this process, whose device and kernels the next one has too. */
async function printed(command: string): Promise<string> {
  const words = command.split(' ').slice('npx wgad'.split(' ').length);
  // A shell would do more than to part words.
  expect(command).toMatch(/^[\w ./=-]+$/);
  process.chdir(folder);
  try {
    const { code, stdout, stderr } = await wgadHere(words, SMALL);
    expect(code, `${command}: ${stderr}`).toBe(0);
    return stdout;
  } finally {
    process.chdir(root);
  }
}

describe('the README', () => {
  it(
    'the README has commands that work, in its order',
    async () => {
      const own = commands.filter((command) => command.startsWith('npx wgad'));
      const synth = own.filter((command) => command.includes('data synth'));
      expect(synth).toHaveLength(1);
      for (const [command, [file, words]] of ELSEWHERE) {
        expect(own).toContain(command);
        expect(readFileSync(join(root, file), 'utf8'), command).toContain(words);
      }
      const rest = own.filter((command) => !synth.includes(command) && !ELSEWHERE.has(command));
      expect(rest.length).toBeGreaterThan(5);
      // As a user starts it.
      expect((await shell(synth[0]!, folder)).stdout).not.toBe('');
      for (const command of rest) expect(await printed(command), command).not.toBe('');
      expect(await readFile(join(folder, 'runs/mine/report.html'), 'utf8')).toContain('</html>');
    },
    SLOW,
  );

  it(
    'the README has a demo that ends with a table and a report',
    async () => {
      const demo = commands.find((command) => command === 'npm run demo')!;
      const out = join(folder, 'demo');
      const { stdout } = await shell(demo, root, { WGAD_OUT: out });
      const words = (text: string): string => text.trim().replace(/ +/g, ' ');
      const heads = readme.split('\n').find((line) => line.startsWith('AUROC / AP'))!;
      expect(words(stdout)).toContain(words(heads));
      expect(stdout).toContain(`report: ${join(out, 'report.html')}`);
    },
    SLOW,
  );

  it('the README names no npm command that does not exist', () => {
    const named = commands.flatMap((command) => /^npm (?:run )?([\w-]+)/.exec(command)?.[1] ?? []);
    expect(named).toContain('test');
    for (const name of named) expect(Object.keys(scripts)).toContain(name);
  });

  it(
    'the README has a library example that runs, in ten lines',
    async () => {
      const [example] = blocks('js');
      expect(example!.trim().split('\n').filter(Boolean).length).toBeLessThanOrEqual(10);
      const { stdout } = await run(process.execPath, ['--input-type=module', '-e', example!], { cwd: root });
      expect(stdout).toMatch(/^\d+\.\d+ \[ 8, 3, 3, 3 \] \{\s+live: \d+/);
    },
    SLOW,
  );
});
