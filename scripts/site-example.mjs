// Makes the example of the Inspect page: draws images, trains a small detector on them, and keeps it with a few of them in
// site/public/example. Same adapter, same bytes. Needs `npm run build`.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const out = join(root, 'site', 'public', 'example');
const work = mkdtempSync(join(tmpdir(), 'wgad-example-'));
const SEED = ['--seed', '5'];

function wgad(...args) {
  const { status } = spawnSync(process.execPath, [join(root, 'dist', 'cli', 'main.js'), ...args], {
    cwd: work,
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
}

wgad('data', 'synth', ...'--out data --classes 4 --train 60 --test 8 --size 160'.split(' '), ...SEED);
// Of two more kinds, which the detector never sees.
wgad('data', 'synth', ...'--out other --classes 6 --train 1 --test 4 --size 160'.split(' '), ...SEED);
wgad('train', ...'data --out run --preset quick --encoder resnet18_w16'.split(' '), ...SEED);
wgad('test', 'run');
wgad('threshold', 'run', '--fpr', '0.01');
for (const name of readdirSync(out)) rmSync(join(out, name));
wgad('export', 'run', '--half', '--web', join(out, 'detector.wgad'));

const images = {
  'capsule-good.png': 'data/capsule/test/good/002.png',
  'capsule-crack.png': 'data/capsule/test/crack/000.png',
  'circuit-good.png': 'data/circuit/test/good/002.png',
  'circuit-missing.png': 'data/circuit/test/missing/000.png',
  'painted-good.png': 'data/painted/test/good/002.png',
  'painted-stain.png': 'data/painted/test/stain/000.png',
  'weave-good.png': 'data/weave/test/good/002.png',
  'weave-scratch.png': 'data/weave/test/scratch/000.png',
  'nut-good.png': 'other/nut/test/good/000.png',
};
for (const [name, path] of Object.entries(images)) copyFileSync(join(work, path), join(out, name));
writeFileSync(join(out, 'images.json'), `${JSON.stringify(Object.keys(images))}\n`);
rmSync(work, { recursive: true });
