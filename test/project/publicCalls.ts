import { fileURLToPath } from 'node:url';
import * as bench from '../../src/bench/index.ts';
import * as data from '../../src/data/index.ts';
import * as wgad from '../../src/index.ts';
import { constant, declare, Engine, input, type Layers, type Value } from '../../src/index.ts';
import * as methods from '../../src/methods/index.ts';
import * as metrics from '../../src/metrics/index.ts';
import * as models from '../../src/models/index.ts';
import * as nn from '../../src/nn/index.ts';
import type { RandomStream } from '../../src/random.ts';
import { CALLS } from '../ops/wrongArguments.ts';

/** A call that is right, with every argument that there may be and every option that may be given. */
export interface PublicCall {
  readonly name: string;
  readonly call: (...args: readonly unknown[]) => unknown;
  readonly args: readonly unknown[];
}

/** What the package's entries export. */
export const ENTRIES: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  wgad: wgad as Readonly<Record<string, unknown>>,
  nn: nn as Readonly<Record<string, unknown>>,
  models: models as Readonly<Record<string, unknown>>,
  methods: methods as Readonly<Record<string, unknown>>,
  data: data as Readonly<Record<string, unknown>>,
  metrics: metrics as Readonly<Record<string, unknown>>,
  bench: bench as Readonly<Record<string, unknown>>,
};

/** Errors are made to be thrown: one that refuses its own details would hide what it should say. */
export const isError = (value: unknown): boolean =>
  typeof value === 'function' && value.prototype instanceof Error;

const named = new WeakSet<object>();
/** An object whose names are the caller's own, or whose parts are results of ours. */
export function free<T extends object>(object: T): T {
  named.add(object);
  return object;
}
export const isFree = (object: object): boolean => named.has(object);

const x = (...shape: readonly number[]): Value => input(`x ${shape}`, shape);
const ints = (...shape: readonly number[]): Value => input('ints', shape, 'i32');
const key = constant([1, 2, 3, 4], [4], 'u32');
const captured: Layers[] = [];
declare((inner) => captured.push(inner));
const layers = free(captured[0]!);
const specs = declare((inner) => inner.parameter('w', [2, 2], wgad.zeros));
const layout = free(wgad.networkLayout('net', specs));
const network = free(wgad.bindNetwork(layout, { training: false }));
const graph = { outputs: new Map([['y', wgad.relu(x(2, 3))]]), effects: [] };
const drawn: RandomStream[] = [];
wgad.initialize(
  [
    {
      name: 'w',
      shape: [1],
      kind: 'parameter',
      init: (_shape, stream) => {
        drawn.push(stream);
        return new Float32Array(1);
      },
    },
  ],
  0,
);
const random = drawn[0]!;
const ADAMW = { lr: 1e-3, betas: [0.9, 0.99], eps: 1e-8, weightDecay: 0, amsgrad: false };
const DEVICE = {
  software: true,
  subgroupSize: 0,
  f16: false,
  subgroupMatrix: free({ m: 8, n: 8, k: 8 }),
  maxStorageBuffers: 8,
  maxWorkgroupInvocations: 256,
  workgroupBytes: 16_384,
  maxBindingBytes: 2 ** 27,
  maxImageSide: 0,
  maxImageLayers: 0,
  family: 'nvidia' as const,
};

const OPS: readonly (readonly [string, readonly unknown[]])[] = [
  ...CALLS.filter(([name]) => name !== 'layersOf'),
  ['layersOf', [free({ w: x(2) }), { training: true, key }]],
  ['bindNetwork', [layout, { training: true, key, sites: free({ next: 0 }) }]],
  [
    'buildPlan',
    [graph, DEVICE, { label: 'plan', fuse: true, maxBufferBytes: 2 ** 28, tuned: free(new Map()) }],
  ],
  ['listAdapters', []],
  ['networkLayout', ['net', specs, 'f32']],
  ['optimiserStep', [network, [x(2, 2)], { kind: 'adamw', ...ADAMW, clipNorm: 1 }, 'settings', x(1)]],
  [
    'optimiserStep',
    [
      network,
      [x(2, 2)],
      { kind: 'sgd', lr: 1e-3, momentum: 0.9, weightDecay: 0, nesterov: true, clipNorm: 1 },
      's',
      x(1),
    ],
  ],
  ['parseSafetensors', [new Uint8Array(0), 'here']],
  ['toSafetensors', [free(new Map()), free({ a: 'b' })]],
  ['printGraph', [free(graph)]],
  ['printKernel', [free({ ...wgad.buildPlan({ ...graph }, DEVICE).dispatches[0]!.kernel })]],
  ['printPlan', [free(wgad.buildPlan({ ...graph }, DEVICE))]],
  ['settingsAt', [{ kind: 'adamw', ...ADAMW, clipNorm: 1 }, 0, 1e-3]],
  ['splitState', [specs, free(new Map([['w', { shape: [2, 2], data: new Float32Array(4) }]]))]],
  ['within', [layers, 'part', () => 1]],
  ...['ones', 'pytorchDefault', 'uniform', 'kaimingNormalFanOut', 'xavierUniform', 'zeros'].map(
    (name) => [name, [[2, 2], random]] as const,
  ),
];

const INITS = { weightInit: wgad.zeros, biasInit: wgad.zeros };
const CONV = { stride: 1, padding: 1, dilation: 1, groups: 2, bias: true, ...INITS };
const NORM = { eps: 1e-5, affine: true, weightInit: wgad.ones };

const LAYERS: readonly (readonly [string, readonly unknown[]])[] = [
  ['batchNorm', [layers, 'norm', x(2, 4, 6), NORM]],
  ['conv1d', [layers, 'conv', x(2, 4, 6), 6, 3, CONV]],
  ['conv2d', [layers, 'conv', x(2, 4, 6, 6), 6, 3, CONV]],
  ['conv3d', [layers, 'conv', x(2, 4, 3, 6, 6), 6, 3, CONV]],
  ['convTranspose1d', [layers, 'conv', x(2, 4, 6), 6, 3, { ...CONV, outputPadding: 0 }]],
  ['convTranspose2d', [layers, 'conv', x(2, 4, 6, 6), 6, 3, { ...CONV, outputPadding: 0 }]],
  ['convTranspose3d', [layers, 'conv', x(2, 4, 3, 6, 6), 6, 3, { ...CONV, outputPadding: 0 }]],
  ['dropout', [layers, x(2, 3), 0.5]],
  ['embedding', [layers, 'table', ints(2, 3), 5, 4, { paddingIndex: 0, weightInit: wgad.zeros }]],
  ['groupNorm', [layers, 'norm', x(2, 4, 6), 2, NORM]],
  ['instanceNorm', [layers, 'norm', x(2, 4, 6), NORM]],
  ['layerNorm', [layers, 'norm', x(2, 4, 6), { ...NORM, axes: 2 }]],
  ['linear', [layers, 'fc', x(2, 3), 4, { bias: true, ...INITS }]],
  [
    'multiHeadAttention',
    [
      ...[layers, 'attention', x(2, 4, 8), x(2, 4, 6), x(2, 4, 8)],
      {
        ...{ heads: 2, causal: true, mask: x(4, 4), dropout: 0.1, bias: true, outInit: wgad.zeros },
        neighbours: { height: 2, width: 2, window: 1 },
      },
    ],
  ],
];

const RESNET = { base: 2, blocks: [1, 1, 1, 1], expansion: 1, widen: 1, decoderActivation: 'relu' } as const;
const ENCODER = { family: 'resnet', config: RESNET } as const;
const EFFICIENTNET = { family: 'efficientnet', config: { bnEps: 1e-3, padding: 'same' } } as const;
const MOBILE = {
  family: 'mobile' as const,
  config: { network: 'efficientnet-lite0', bnEps: 1e-3, padding: 'same', inputs: { mean: 0.5, std: 0.5 } },
} as const;
const DECODER = { blocks: [1, 1, 1, 1], expansion: 1, widen: 1, activation: 'relu', signed: true } as const;
const TRANSFORMER = {
  heads: 2,
  inner: 8,
  dropout: 0,
  neighbours: { height: 2, width: 2, window: 1 },
};
const images = x(1, 3, 64, 64);
const scales = [x(1, 2, 16, 16), x(1, 4, 8, 8), x(1, 8, 4, 4)];
const tokens = x(1, 4, 8);
const HEAD = { structure: '1-linear', dropout: 0, kernel: 1 };

const MODELS: readonly (readonly [string, readonly unknown[]])[] = [
  ['alignHead', [layers, x(1, 8, 4, 4), { ...HEAD, outputs: 2, hidden: 4 }]],
  ['alignedFeatures', [scales]],
  ['bottleneck', [layers, scales, DECODER]],
  ['decoderShapeOf', [ENCODER]],
  ['decoderLayer', [layers, tokens, tokens, tokens, tokens, TRANSFORMER]],
  ['discriminativeNet', [layers, x(1, 6, 32, 32), 2]],
  ['encoderLayer', [layers, tokens, tokens, TRANSFORMER]],
  ['encoderTaps', [layers, images, ENCODER, 'encoder']],
  ['encoderTaps', [layers, images, EFFICIENTNET, 'encoder']],
  ['encoderTaps', [layers, images, MOBILE, 'encoder']],
  ['featureChannels', [RESNET]],
  ['neighboursOf', [4, 4]],
  ['outputHeads', [layers, scales, 0]],
  ['patchDescriptor', [layers, x(1, 8, 4, 4)]],
  ['patchFeatures', [scales]],
  ['pretrained', ['resnet18']],
  ['projection', [layers, 'projection', tokens, 4]],
  ['reconstruct', [layers, x(1, 8, 4, 4)]],
  ['reconstructiveNet', [layers, images, 2]],
  ['resnetClassifier', [layers, images, RESNET, 10]],
  ['resnetFeatures', [layers, images, RESNET]],
  ['reverseDecoder', [layers, x(1, 16, 2, 2), [2, 4, 8], DECODER]],
  ['tapsAt', [ENCODER, scales, [4, 16]]],
];

const MODEL = { encoder: ENCODER, size: 64, memoryRows: 4, width: 4 } as const;
const map = x(1, 1, 8, 8);
const RULE = { smoothing: 'none', calibration: 'after', scoreFraction: 0.1 };

const METHODS: readonly (readonly [string, readonly unknown[]])[] = [
  ['anomalyMap', [scales, scales, 64]],
  ['calibrate', [map, x(1, 2)]],
  ['calibratedMap', [map, RULE]],
  ['cfaLoss', [x(1, 8, 4, 4), x(16, 8), x(1)]],
  ['cfaMap', [x(1, 8, 4, 4), x(16, 8), 8]],
  ['classifierLoss', [x(2, 3), ints(2)]],
  ['contrast', [layers, scales, scales, RESNET]],
  ['detectorOf', [{ method: 'uniad', preset: 'uniad' }]],
  ['distanceMap', [x(1, 8, 4, 4), x(1, 8, 4, 4), 8]],
  ['draemLoss', [x(1, 3, 32, 32), x(1, 3, 32, 32), x(1, 2, 32, 32), x(1, 1, 32, 32)]],
  ['draemRateAt', [0, 10]],
  ['draemSpecs', [2]],
  ['dropAtFourFifths', [0, 10]],
  ['encode', [layers, images, RESNET, 'encoder']],
  ['encoderOf', [MODEL]],
  ['floorActs', [0, 1]],
  ['head', [layers, 'regressor', x(1, 8, 4, 4), 2, HEAD]],
  ['headSpecs', ['regressor', [8, 4, 4], 2, HEAD]],
  ['headsOf', [['cada']]],
  ['hypersphereLoss', [x(4, 8), x(1)]],
  ['hypersphereScores', [x(4, 3)]],
  ['imagesOf', [{ images, frozen: [] }, 'it', 'nothing is frozen']],
  ['mapStatistics', [map]],
  ['onSharedScale', [x(1, 4, 4), x(1, 2), x(3, 2)]],
  ['meanSquareMap', [x(1, 8, 4, 4), x(1, 8, 4, 4), 8]],
  ['miningAt', [0, 10]],
  ['partRows', [10, 8]],
  ['pickRows', [[x(4, 8)], x(2)]],
  ['plainBgr', [images]],
  ['positions', [x(1, 8, 4, 4)]],
  ['predictingAlignment', [['cada']]],
  ['rebuild', [layers, scales, RESNET]],
  ['recontrastLoss', [scales, scales, x(1)]],
  ['recontrastSpecs', [RESNET]],
  ['regressorLoss', [x(1, 2), x(1, 2), 1]],
  ['revdistLoss', [scales, scales]],
  ['revdistSpecs', [RESNET]],
  ['rowsPerPart', [8]],
  ['scoreMap', [{ map, score: () => x(1), embedding: x(1, 8, 4, 4), loss: () => x(1) }, x(1, 2), RULE]],
  ['uniadRateAt', [0, 10]],
];

/** None is read: what is wrong with a call is said before. */
const NOWHERE = fileURLToPath(new URL('./nowhere', import.meta.url));
const DATASET = free({ root: NOWHERE, layout: 'folder', classes: [], train: [], test: [] });
const PIXELS = free({ width: 2, height: 2, channels: 1, layout: 'planar', data: new Uint8Array(4) });
const SAMPLE = free({
  ...{ path: NOWHERE, id: 'a', className: 'a', defect: 'good', anomalous: false, maskPath: null },
});
const FRAME = { size: 32, resize: 32, resample: 'pil' };
const GRID = free({ size: 3, tile: 2, starts: [0, 1], count: 4 });
const REPORT = free({
  ...{ root: NOWHERE, layout: 'folder', classes: [], images: 0 },
  ...{ problems: [], warnings: [], official: null },
});

const DATA: readonly (readonly [string, readonly unknown[]])[] = [
  ['ImageLoader', [{ ...FRAME, workers: 1, cacheBytes: 0, ahead: 0, signal: undefined }]],
  ['blendWeights', [GRID]],
  ['checkDataset', [NOWHERE, { layout: 'mvtec', onProgress: () => undefined }]],
  ['chooseContaminants', [DATASET, 0.5, 0]],
  ['compareCodePoints', ['a', 'b']],
  ['contaminate', [DATASET, [], { strict: true }]],
  [
    'convertDatasets',
    [
      {
        ...{ sets: [NOWHERE], out: NOWHERE, from: 'mvtec', train: 1, test: 2, size: 8, grey: true, seed: 0 },
        ...{ onProgress: () => undefined, onOddity: () => undefined, signal: undefined },
      },
    ],
  ],
  ['cornerOf', [GRID, 1]],
  ['cutTile', [new Uint8Array(9), GRID, 1]],
  ['decodeImage', [NOWHERE]],
  ['decodeMask', [NOWHERE]],
  ['formatReport', [REPORT, { all: true }]],
  ['imageSize', [NOWHERE]],
  ['imagesToScore', [[], () => undefined]],
  ['isImageName', ['a.png']],
  ['listImages', [[], { missing: 'list' }]],
  ['loadImage', [NOWHERE, FRAME]],
  ['loadMask', [NOWHERE, FRAME, 'any', NOWHERE]],
  ['loadPixels', [NOWHERE, FRAME]],
  ['normalize', [new Uint8Array(3), new Float32Array(3), 0]],
  ['officialSet', ['mvtec', ['bottle']]],
  ['officialTotals', [free(data.officialSet('mvtec', ['bottle'])!)]],
  ['pilResize', [PIXELS, 2, 2]],
  ['pilResizeNearest', [new Uint8Array(4), 2, 2, 2, 2]],
  ['problemLines', [[], { all: true, hint: 'more' }]],
  ['requireTestImages', [DATASET]],
  ['sampleMask', [SAMPLE, FRAME, 'any', new AbortController().signal]],
  ['scanDataset', [NOWHERE, 'mvtec', () => undefined]],
  ['scanForProblems', [NOWHERE, 'mvtec']],
  ['tileGrid', [3, 2, 0.5]],
  [
    'synthesize',
    [
      {
        ...{
          out: fileURLToPath(import.meta.url),
          classes: 1,
          train: 1,
          test: 2,
          size: 32,
          defects: ['scratch'],
        },
        ...{ seed: 0, onProgress: () => undefined, signal: free(new AbortController().signal) },
      },
    ],
  ],
];

const METRICS: readonly (readonly [string, readonly unknown[]])[] = [
  ['alarmThreshold', [[1, 2, 3], 0.5]],
  ['auproAccumulator', ['dataset', 8]],
  [
    'auroc',
    [
      [1, 2],
      [0, 1],
    ],
  ],
  [
    'averagePrecision',
    [
      [1, 2],
      [0, 1],
    ],
  ],
  ['bootstrapThreshold', [[1, 2, 3], 0.5, 0, { level: 0.9, resamples: 2 }]],
  ['connectedRegions', [[0, 1], 2]],
  [
    'f1Max',
    [
      [1, 2],
      [0, 1],
    ],
  ],
  ['lowestRate', [9]],
  ['pixelAccumulator', [{ mostKeys: 8 }]],
  ['precisionRecallCurve', [[1, 2], [0, 1], 10]],
  ['rocCurve', [[1, 2], [0, 1], 10]],
];

const SUBJECT = {
  name: 'relu',
  fn: (v: Value) => wgad.relu(v),
  operands: [{ shape: [1], dtype: 'f32', data: Float32Array.of(1), range: [0, 1], state: false }],
  pass: 'forward',
};
const MEASURE = { pace: undefined, samples: 1, expected: () => [0], tolerance: 1e-4 };
/** No device: what is wrong with a call is said before. */
const CLOSED = free({});
const run = { enqueue: () => undefined, finish: async () => undefined };

const BENCH: readonly (readonly [string, readonly unknown[]])[] = [
  ['alternate', [free(run), free(run), 1, () => 0]],
  ['check', [CLOSED, [SUBJECT], { ...MEASURE, same: true }]],
  ['differenceOf', [[1], [1], 1e-4]],
  ['formatRecords', [[], { width: 80, columns: [], hint: '' }]],
  ['measure', [CLOSED, SUBJECT, MEASURE]],
  ['measureByTurns', [CLOSED, [SUBJECT, SUBJECT], { ...MEASURE, same: true }]],
  ['measurePace', [CLOSED]],
  ['recordsCsv', [[]]],
  ['sample', [free(run), 1]],
];

/** Called as a function, or made where it is a class. */
function callOf(fn: unknown): PublicCall['call'] {
  if (!/^class/.test(String(fn))) return fn as PublicCall['call'];
  return (...args) => new (fn as new (...args: readonly unknown[]) => unknown)(...args);
}

/** Of every exported function. */
export const FUNCTIONS: readonly PublicCall[] = Object.entries({
  wgad: OPS,
  nn: LAYERS,
  models: MODELS,
  methods: METHODS,
  data: DATA,
  metrics: METRICS,
  bench: BENCH,
}).flatMap(([entry, calls]) =>
  calls.map(([name, args]) => ({ name: `${entry} ${name}`, call: callOf(ENTRIES[entry]![name]), args })),
);

/** An object of ours, and a call of each of its functions. */
type Methods = readonly [label: string, object: object, calls: Readonly<Record<string, readonly unknown[]>>];

const parts = free({ encoder: layers, detector: layers, encoder_freeze: layers, memory: layers });
const more = free({ ...parts, reconstruction: layers, discrimination: layers, memory1: layers });
const SOURCE = { images, frozen: scales };
const DETECTOR_CALLS: Readonly<Record<string, readonly unknown[]>> = {
  parts: [MODEL],
  trace: [more, SOURCE, MODEL],
  frozen: [more, images, MODEL],
  lossInputs: [0, 10],
  rateAt: [0, 10],
};
const MEMORY_CALLS: Readonly<Record<string, readonly unknown[]>> = {
  rows: [MODEL, 4],
  patches: [MODEL],
  describe: [more, SOURCE, MODEL],
};

const detectors = (): Methods[] =>
  Object.entries(methods.DETECTORS).flatMap(([name, detector]) =>
    [detector, ...Object.values(detector.presets ?? {})].flatMap((each, i): Methods[] => [
      [`${name} ${i}`, each, DETECTOR_CALLS],
      ...(each.memory ? [[`${name} ${i} memory`, each.memory, MEMORY_CALLS] as const] : []),
    ]),
  );

/** The objects that functions and classes of the entries give, made on `engine`. */
export function objects(engine: Engine): readonly Methods[] {
  const tensor = engine.tensor([1, 2], [2]);
  const compiled = engine.compile(() => x(1));
  const loader = new data.ImageLoader({ size: 32, workers: 1 });
  const mask = [0, 1];
  const scores = Float32Array.of(1, 2);
  const slab = wgad.bindNetwork(wgad.networkLayout('other', specs), { training: false }).parameters.slab;
  const ruleCalls = { moments: ['slab'], update: [slab, x(64), x(3)], settingsAt: [0, 1e-3] };
  return [
    [
      'Engine',
      Engine,
      {
        create: [
          { device: undefined, adapter: 'none', nativeFlags: [], subgroupMatrix: false, planBytes: 0 },
        ],
      },
    ],
    [
      'engine',
      engine,
      {
        tensor: [[1, 2], [2]],
        load: [[['w', { shape: [1], data: new Float32Array(1) }]]],
        compile: [() => x(1), { label: 'f', fuse: true, maxPlans: 1 }],
        stateDict: [free({ w: tensor })],
        checkGradients: [(v: Value) => v, [free(tensor)], { step: 1e-2, tolerance: 1e-2, seed: 0 }],
        kernel: [OWN_KERNEL],
        adopt: [tensor.buffer.buffer, [2], 'f32'],
        optimiser: [free(wgad.adamw()), free(tensor)],
        free: [[]],
        memory: [],
        dispose: [],
      },
    ],
    ['tensor', tensor, { data: [], changed: [], dispose: [] }],
    [
      'compiled function',
      compiled,
      { graph: [free(tensor)], plan: [free(tensor)], kernels: [free(tensor)], dispose: [] },
    ],
    [
      'optimiser',
      engine.optimiser(wgad.sgd(), tensor),
      { step: [free(tensor), 1e-3], state: [], restore: [free(new Map())], dispose: [] },
    ],
    ['adamw', wgad.adamw(), ruleCalls],
    ['layers', layers, LAYER_CALLS],
    ['layersOf', wgad.layersOf({ w: x(2) }, { training: true, key }), LAYER_CALLS],
    ['random', random, { word: [], next: [], between: [0, 1], normal: [], integer: [6], shuffle: [[1]] }],
    ['network', network, { statisticsUpdate: [] }],
    ['initialiser', { made: wgad.normal(0, 1) }, { made: [[2], random] }],
    [
      'loader',
      loader,
      {
        load: [NOWHERE],
        loadBatch: [[]],
        pixels: [NOWHERE],
        loadTiles: [[], GRID],
        loadAnomalies: [[], { seed: 0, first: 0, textures: [], tiles: undefined }],
        prefetch: [[]],
        close: [],
      },
    ],
    ['pixels', metrics.pixelAccumulator(), { add: [scores, mask], finish: [] }],
    ['dataset AUPRO', metrics.auproAccumulator('dataset'), { add: [scores, mask, 2], finish: [] }],
    ['rd4ad AUPRO', metrics.auproAccumulator('rd4ad'), { add: [scores, mask, 2], finish: [] }],
    ...detectors(),
  ];
}

const OWN_KERNEL = {
  name: 'own',
  inputs: free({ x: 'f32' }),
  outputs: free({ y: [1] }),
  dtype: 'f32',
  wgsl: '',
  grid: 1,
  flops: () => 0,
  vjp: () => ({}),
};

const LAYER_CALLS: Readonly<Record<string, readonly unknown[]>> = {
  child: ['part'],
  parameter: ['w', [2], wgad.zeros],
  buffer: ['w', [2], wgad.zeros],
  measured: ['w', x(2)],
  random: [],
  runningStatistics: [free({ w: x(2) }), 0.1],
};

/** The names of an object's functions, its own and its class's; what a class itself has is its static ones. */
export function functionsOf(object: object): string[] {
  const isClass = typeof object === 'function';
  const proto = Object.getPrototypeOf(object) as object | null;
  const inherited = isClass || proto === Object.prototype || proto === null ? {} : descriptors(proto);
  return Object.entries({ ...descriptors(object), ...inherited })
    .filter(([name, { value }]) => typeof value === 'function' && name !== 'constructor')
    .map(([name]) => name);
}

const descriptors = (object: object): Record<string, PropertyDescriptor> =>
  Object.getOwnPropertyDescriptors(object) as Record<string, PropertyDescriptor>;
