// Sets a clean clone up: packages, build, adapter. No dependencies; see README, "Two commands".
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installPlan, parseOsRelease } from './setup/adapter.mjs';
import { chromiumIsSettled, hasChromiumPackage } from './setup/chromium.mjs';
import { hashTree, nodeIsNewEnough } from './setup/staleness.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const say = (text) => process.stderr.write(`setup: ${text}\n`);
const stop = (code, text) => {
  say(text);
  process.exit(code);
};
/** Runs a command with its talk on stderr, so that stdout stays the caller's. */
const run = (command, args, env = {}) =>
  spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], env: { ...process.env, ...env } }).status ===
  0;

if (!nodeIsNewEnough(process.versions.node))
  stop(1, `Node.js 20.19 or newer is needed, this is ${process.versions.node}`);
installPackages();
build();
findAdapter();
if (process.argv.includes('--tests')) findChromium();

function installPackages() {
  const stamp = join(root, 'node_modules', '.wgad-lock');
  const wanted = hashTree(root, ['package-lock.json']);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  say('installing packages from the lock file');
  if (!run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'])) stop(1, 'npm ci failed');
  writeFileSync(stamp, wanted);
}

function build() {
  const stamp = join(root, 'dist', '.wgad-build');
  const wanted = hashTree(root, [
    'src',
    'site',
    'scripts/build.mjs',
    'tsconfig.json',
    'tsconfig.build.json',
    'package-lock.json',
  ]);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  say('building');
  if (!run('npm', ['run', '--silent', 'build'])) stop(1, 'the build failed');
  writeFileSync(stamp, wanted);
}

function probe() {
  const result = spawnSync(process.execPath, [join(root, 'scripts', 'probe-adapter.mjs')], {
    encoding: 'utf8',
  });
  return result.status === 0 ? result.stdout.trim() : null;
}

function findAdapter() {
  const found = probe();
  if (found) return say(`adapter: ${found}`);
  if (process.platform !== 'linux') stop(4, 'no WebGPU adapter: update the graphics driver');
  const os = system();
  const plan = installPlan(os);
  if (!plan)
    stop(
      4,
      'no WebGPU adapter, and no recipe for this system: install a Vulkan driver (Mesa 24 or newer has lavapipe)',
    );
  const script = join(root, 'scripts/setup/install-software-adapter.sh');
  const rooted = asRoot();
  if (!rooted) stop(4, `no WebGPU adapter. As root, run: bash ${script} ${plan.suite}`);
  say(`no WebGPU adapter: installing the software adapter (${plan.says})`);
  if (!rooted(script, plan.suite)) stop(4, 'the installation failed; its messages are above');
  const now = probe();
  if (!now) stop(4, 'the software adapter is installed but does not answer');
  say(`adapter: ${now}`);
}

/** Tests of pages are skipped without one: nothing stops here. */
function findChromium() {
  if (chromiumIsSettled()) return;
  const skipped = (why) => say(`no Chromium, ${why}: the tests that need one will be skipped by name`);
  if (process.platform !== 'linux' || !hasChromiumPackage(system()))
    return skipped('and no recipe for this system (WGAD_CHROMIUM names one)');
  const script = join(root, 'scripts/setup/install-chromium.sh');
  const rooted = asRoot();
  if (!rooted) return skipped(`and no root to install it (bash ${script})`);
  say('installing Chromium for the tests of pages (WGAD_CHROMIUM= leaves that out)');
  if (!rooted(script)) skipped('its installation failed with the messages above');
}

function system() {
  return existsSync('/etc/os-release') ? parseOsRelease(readFileSync('/etc/os-release', 'utf8')) : {};
}

/** Runs a script as root; null where that takes a password. */
function asRoot() {
  const sudo = process.getuid() === 0 ? [] : ['sudo', '-n'];
  if (sudo.length > 0 && !run('sudo', ['-n', 'true'])) return null;
  return (...args) => {
    const [command, ...rest] = [...sudo, 'bash', ...args];
    return run(command, rest, { DEBIAN_FRONTEND: 'noninteractive' });
  };
}
