// Imports point one way through the layers (docs/architecture.md). Prints every violation with its place.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const root = process.argv[2] ?? '.';
const leaves = ['arguments', 'errors', 'options', 'shape', 'random', 'float16'];
/** What each layer may import beside itself and the leaves. */
const allowed = {
  gpu: [],
  kernels: [],
  graph: ['kernels'],
  plan: ['graph', 'kernels'],
  autograd: ['graph', 'kernels'],
  runtime: ['nn', 'plan', 'graph', 'kernels', 'gpu'],
  nn: ['autograd', 'graph'],
  models: ['nn', 'autograd', 'graph'],
  methods: ['models', 'nn', 'autograd', 'graph'],
  formats: [],
  metrics: [],
  data: ['formats', 'metrics'],
  published: ['formats'],
  run: ['methods', 'models', 'nn', 'graph', 'runtime', 'data', 'formats'],
  weights: ['run', 'methods', 'models', 'nn', 'runtime', 'formats', 'published'],
  score: [
    'run',
    'weights',
    'methods',
    'models',
    'nn',
    'graph',
    'plan',
    'runtime',
    'data',
    'metrics',
    'formats',
  ],
  train: ['run', 'weights', 'score', 'methods', 'nn', 'autograd', 'graph', 'runtime', 'data', 'formats'],
  bench: [
    'run',
    'score',
    'train',
    'methods',
    'models',
    'nn',
    'autograd',
    'graph',
    'plan',
    'kernels',
    'runtime',
    'gpu',
    'formats',
  ],
  tune: ['bench', 'score', 'train', 'models', 'graph', 'plan', 'kernels', 'runtime', 'formats', 'published'],
  specs: ['nn', 'autograd', 'graph', 'kernels'],
  doctor: ['specs', 'weights', 'models', 'methods', 'nn', 'autograd', 'graph', 'runtime', 'gpu', 'bench'],
  profile: ['runtime', 'plan', 'kernels', 'formats'],
  report: ['run', 'score', 'runtime', 'methods', 'data', 'metrics', 'formats'],
  reproduce: ['report', 'run', 'score', 'runtime', 'methods', 'models', 'data', 'metrics', 'formats'],
  cli: '*',
};
const badNames = /^(utils?|helpers?|misc|common|manager)\b/i;
const problems = [];
const warnings = [];

const files = readdirSync(join(root, 'src'), { recursive: true })
  .map((name) => String(name).replaceAll('\\', '/'))
  .filter((name) => name.endsWith('.ts'));
for (const file of files) {
  const text = readFileSync(join(root, 'src', file), 'utf8');
  const layer = file.includes('/') ? file.slice(0, file.indexOf('/')) : null;
  if (badNames.test(file.split('/').at(-1)))
    problems.push(`src/${file}: says nothing about its content: rename it`);
  const lines = text.split('\n');
  if (lines.length > 300 && !/^\/\*\*/.test(text))
    warnings.push(`src/${file}: ${lines.length} lines and no reason in its header`);
  for (const match of text.matchAll(/from '(\.[^']+)'/g)) {
    const line = text.slice(0, match.index).split('\n').length;
    const target = relative('src', join('src', dirname(file), match[1])).replaceAll('\\', '/');
    const other = target.includes('/') ? target.slice(0, target.indexOf('/')) : null;
    if (other === null && leaves.includes(target.replace(/\.ts$/, ''))) continue;
    if (layer === null || other === layer) continue;
    const may = allowed[layer];
    if (may === undefined)
      problems.push(`src/${file}:${line}: layer ${layer} is not in scripts/check-layers.mjs`);
    else if (may !== '*' && !may.includes(other))
      problems.push(`src/${file}:${line}: ${layer} may not import ${target}`);
  }
}
for (const warning of warnings) console.warn(`warning: ${warning}`);
for (const problem of problems) console.error(problem);
console.log(`layers: ${files.length} files, ${problems.length} problems`);
process.exitCode = problems.length > 0 ? 1 : 0;
