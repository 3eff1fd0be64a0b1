// How well the `unfamiliar` mark tells objects that a run was not trained on: leaves each class of a synthetic set
// out of training in turn (or several at a time, which is quicker), predicts all test images, and prints a Markdown table. Run by hand after `npm run build`:
//   node tools/unfamiliar.mjs OUT [--train N --test N --size PX --iterations N --align-iterations N --seed N
//   --together N]
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { readWeights } from '../dist/formats/weightsFile.js';
import { auroc } from '../dist/metrics/index.js';
import { strangeGap, strangePrediction } from '../dist/score/familiarity.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    train: { type: 'string', default: '24' },
    test: { type: 'string', default: '16' },
    size: { type: 'string', default: '64' },
    iterations: { type: 'string', default: '150' },
    'align-iterations': { type: 'string', default: '500' },
    seed: { type: 'string', default: '0' },
    together: { type: 'string', default: '1' },
  },
});
const out = resolve(positionals[0] ?? 'runs/unfamiliar');
const { train, test, size, iterations, 'align-iterations': alignIterations, seed } = values;
const wgad = (...args) => {
  const main = new URL('../dist/cli/main.js', import.meta.url).pathname;
  const done = spawnSync(process.execPath, [main, ...args, '--seed', seed, '--quiet'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 1e8,
  });
  if (done.status !== 0) throw new Error(`wgad ${args.join(' ')}: exit ${done.status}`);
  return done.stdout;
};

const all = join(out, 'data');
if (!existsSync(all)) wgad('data', 'synth', '--out', all, '--train', train, '--test', test, '--size', size);
const classes = readdirSync(all).sort();
const folds = [];
for (let first = 0; first < classes.length; first += Number(values.together)) {
  folds.push(classes.slice(first, first + Number(values.together)));
}

/** Test images as a run trained without `left` sees them. */
async function foldImages(left) {
  const fold = left.join('+');
  const [data, run] = [join(out, `without-${fold}`), join(out, `run-${fold}`)];
  const lines = join(out, `${fold}.jsonl`);
  if (!existsSync(lines)) {
    mkdirSync(data, { recursive: true });
    for (const name of classes) {
      if (!left.includes(name) && !existsSync(join(data, name)))
        symlinkSync(join(all, name), join(data, name));
    }
    const steps = ['--iterations', iterations, '--align-iterations', alignIterations, '--lr', '5e-3'];
    wgad('train', data, '--out', run, '--encoder', 'resnet18_w16', '--size', size, '--resume', ...steps);
    writeFileSync(lines, wgad('predict', run, ...classes.map((name) => join(all, name, 'test'))));
  }
  const { metadata } = await readWeights(join(run, 'weights.safetensors'), () => false);
  const range = JSON.parse(metadata.get('familiar'));
  return readFileSync(lines, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .map(({ path, u_hat: predictedU, gamma_hat: predictedGamma, u, unfamiliar }) => {
      const [, name, defect] = /([^/]+)\/test\/([^/]+)\/[^/]+$/.exec(path);
      const impression = { predictedU, predictedGamma, u };
      const prediction = strangePrediction(range, impression);
      const gap = strangeGap(range, impression);
      const both = Math.max(prediction, gap);
      return {
        name,
        known: !left.includes(name),
        normal: defect === 'good',
        prediction,
        gap,
        both,
        unfamiliar,
      };
    });
}

const rows = [];
for (const left of folds) {
  const fold = await foldImages(left);
  for (const name of left) {
    const images = fold.filter((image) => image.known || image.name === name);
    rows.push(rowOf(name, images));
    process.stderr.write(`${JSON.stringify(rows.at(-1))}\n`);
  }
}

function rowOf(left, images) {
  const area = (of, key) =>
    auroc(
      of.map((image) => image[key]),
      of.map(({ known }) => !known),
    ).value;
  const share = (of) => of.filter(({ unfamiliar }) => unfamiliar).length / of.length;
  const normals = images.filter(({ normal }) => normal);
  return {
    left,
    prediction: area(images, 'prediction'),
    gap: area(images, 'gap'),
    both: area(images, 'both'),
    bothNormals: area(normals, 'both'),
    found: share(images.filter(({ known }) => !known)),
    falseNormal: share(normals.filter(({ known }) => known)),
    falseAnomalous: share(images.filter(({ known, normal }) => known && !normal)),
  };
}
const keys = ['prediction', 'gap', 'both', 'bothNormals', 'found', 'falseNormal', 'falseAnomalous'];
const mean = Object.fromEntries(
  keys.map((key) => [key, rows.reduce((sum, row) => sum + row[key], 0) / rows.length]),
);
const heads = [
  'left out',
  'AUROC, prediction alone',
  'AUROC, gap alone',
  'AUROC, both',
  'both, normal images alone',
  'marked',
  'marked of familiar normal',
  'marked of familiar anomalous',
];
const line = (cells) => `| ${cells.join(' | ')} |`;
process.stdout.write(
  `${[
    line(heads),
    line(heads.map(() => '---')),
    ...[...rows, { left: 'mean', ...mean }].map((row) =>
      line([row.left, ...keys.map((key) => (100 * row[key]).toFixed(1))]),
    ),
  ].join('\n')}\n`,
);
