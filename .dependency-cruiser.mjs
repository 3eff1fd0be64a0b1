/** Which file may import which (docs/architecture.md): one way through the layers, and no circles. `npm run structure` checks it. */

/** Files of src/ itself that all may import; they import one another alone. */
const LEAVES = ['addressRoom', 'arguments', 'errors', 'options', 'shape', 'random', 'float16', 'systemFile'];

/** What each folder of src/ may import beside itself and the leaves; '*': all of src/. */
const LAYERS = {
  gpu: [],
  kernels: [],
  graph: ['kernels'],
  plan: ['graph', 'kernels'],
  autograd: ['graph', 'kernels'],
  runtime: ['nn', 'autograd', 'plan', 'graph', 'kernels', 'gpu'],
  nn: ['autograd', 'graph'],
  onnx: ['nn', 'autograd', 'graph', 'kernels'],
  models: ['nn', 'autograd', 'graph'],
  methods: ['models', 'nn', 'autograd', 'graph'],
  formats: [],
  metrics: [],
  data: ['formats', 'metrics'],
  published: ['formats'],
  run: ['methods', 'models', 'nn', 'graph', 'runtime', 'data', 'formats'],
  weights: ['run', 'methods', 'models', 'nn', 'runtime', 'formats', 'published'],
  score: [
    'onnx',
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
  parts: ['score', 'run', 'methods', 'data', 'metrics', 'formats'],
  train: [
    'run',
    'weights',
    'score',
    'methods',
    'nn',
    'autograd',
    'graph',
    'plan',
    'runtime',
    'data',
    'formats',
  ],
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
  isa: ['kernels', 'gpu', 'formats'],
  profile: ['runtime', 'plan', 'kernels', 'formats'],
  report: ['run', 'score', 'runtime', 'methods', 'data', 'metrics', 'formats'],
  serve: ['report', 'score', 'run', 'runtime', 'data', 'formats'],
  reproduce: ['report', 'run', 'score', 'runtime', 'methods', 'models', 'data', 'metrics', 'formats'],
  cli: '*',
};

const anyOf = (names) => `(${names.join('|')})`;
const leafFiles = `^src/${anyOf(LEAVES)}[.]ts$`;

const layerRules = Object.entries(LAYERS)
  .filter(([, below]) => below !== '*')
  .map(([layer, below]) => ({
    name: `${layer}-imports-what-lies-below`,
    comment: `src/${layer} may import ${['the leaves', ...below].join(', ')}`,
    severity: 'error',
    from: { path: `^src/${layer}/` },
    to: { path: '^src/', pathNot: [`^src/${anyOf([layer, ...below])}/`, leafFiles] },
  }));

/** Names that say nothing of what a file holds. */
const NAMELESS = '/(utils?|helpers?|misc|common|manager)[^/]*[.]ts$';

const config = {
  forbidden: [
    {
      name: 'no-circles',
      comment:
        'circles of imports, those of types alone included: let the part that both need be a file of its own',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    ...layerRules,
    {
      name: 'leaves-import-leaves',
      severity: 'error',
      from: { path: leafFiles },
      to: { path: '^src/', pathNot: leafFiles },
    },
    {
      name: 'every-folder-is-a-layer',
      comment: 'a folder of src/ has its line in LAYERS (.dependency-cruiser.mjs)',
      severity: 'error',
      from: { path: '^src/[^/]+/', pathNot: `^src/${anyOf(Object.keys(LAYERS))}/` },
      to: {},
    },
    {
      name: 'the-product-stands-alone',
      comment: 'bench, tools, test and site are no part of the package',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(bench|tools|test|site)/' },
    },
    {
      name: 'pages-run-in-browsers',
      comment: 'what these folders do needs Node',
      severity: 'error',
      from: { path: '^site/src/' },
      to: {
        path: '^src/(cli|serve|parts|reproduce|published|tune|isa)/',
        // A call of an op in words, which pages read too.
        pathNot: '^src/cli/op(Call|Graph)[.]ts$',
      },
    },
    {
      name: 'names-say-something',
      comment: 'call a file by what it holds',
      severity: 'error',
      from: {},
      to: { path: NAMELESS },
    },
  ],
  options: {
    // TypeScript 7 has no API for it to read with.
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    // dependency-cruiser has swc read every file as TypeScript without JSX.
    exclude: { path: '[.]tsx$' },
  },
};

// biome-ignore lint/style/noDefaultExport: dependency-cruiser reads the default export.
export default config;
