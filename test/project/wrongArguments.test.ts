import { expect, it } from 'vitest';
import * as data from '../../src/data/index.ts';
import { declare, input, layersOf, type WgadError } from '../../src/index.ts';
import * as methods from '../../src/methods/index.ts';
import * as metrics from '../../src/metrics/index.ts';
import * as models from '../../src/models/index.ts';

/** What would else be a TypeError, a hang, or a number that means nothing. */

const images = input('images', [1, 3, 32, 32]);
const model: methods.Model = { encoder: null, size: 32, memoryRows: 0, width: 8 };
const nothing = layersOf({});
const map = input('map', [1, 1, 8, 8]);

type Refused = readonly [message: string, code: WgadError['code'], call: () => unknown];

const METRICS: readonly Refused[] = [
  [
    'ranking: expects as many labels as scores, got 1 for 2 scores',
    'E_SHAPE',
    () => metrics.auroc([0.1, 0.2], [1]),
  ],
  [
    'pixels: expects as many labels as scores, got 1 for 2 scores',
    'E_SHAPE',
    () => metrics.pixelAccumulator().add(new Float32Array(2), [1]),
  ],
  ...[[2, 1], Float64Array.of(2, 1)].map(
    (scores): Refused => [
      'pixel scores expect a Float32Array, got ',
      'E_DTYPE',
      () => metrics.pixelAccumulator().add(scores as never, [1, 0]),
    ],
  ),
  [
    'pixel scores expect a Float32Array, got ',
    'E_DTYPE',
    () => metrics.auproAccumulator('dataset').add([2, 1] as never, [1, 0], 2),
  ],
  [
    'AUPRO: definition expects dataset or rd4ad, got "mvtec"',
    'E_CONFIG',
    () => metrics.auproAccumulator('mvtec' as never),
  ],
  [
    'threshold: rate expects a number between 0 and 1, got 5',
    'E_CONFIG',
    () => metrics.alarmThreshold([1, 2], 5),
  ],
  [
    'score 1 is NaN, expected a finite number',
    'E_NOT_FINITE',
    () => metrics.alarmThreshold([1, Number.NaN], 0.5),
  ],
  [
    'bootstrapThreshold: scores expects at least one, got none',
    'E_SHAPE',
    () => metrics.bootstrapThreshold([], 0.5, 0),
  ],
  [
    'connectedRegions: expects whole rows of -1 pixels, got a mask of 2',
    'E_SHAPE',
    () => metrics.connectedRegions([0, 1], -1),
  ],
];

const NETWORKS: readonly Refused[] = [
  [
    'this method expects an encoder, got none',
    'E_CONFIG',
    () => methods.revdist.trace({ encoder: nothing, detector: nothing }, { images }, model),
  ],
  [
    'this method expects an encoder with feature maps at strides 32, got resnet with 4, 8, 16',
    'E_CONFIG',
    () => models.tapsAt(models.pretrained('resnet18'), [images], [32]),
  ],
  [
    'DRAEM expects images to start at, got frozen features: nothing of it is frozen',
    'E_CONFIG',
    () => methods.draem.trace({ reconstruction: nothing, discrimination: nothing }, { frozen: [] }, model),
  ],
  [
    'detectorOf: method expects revdist or recontrast or uniad or patchcore or cfa or draem, got "rd"',
    'E_CONFIG',
    () => methods.detectorOf({ method: 'rd' as never }),
  ],
  [
    'scoreMap: smoothing expects author or scipy or none, got "gauss"',
    'E_CONFIG',
    () => methods.scoreMap({ map }, null, { smoothing: 'gauss' as never, scoreFraction: 0 }),
  ],
  [
    'scoreMap: scoreFraction expects a number, got null: this method has no score of its own',
    'E_CONFIG',
    () => methods.scoreMap({ map }, null, { smoothing: 'none', scoreFraction: null }),
  ],
  [
    'pretrained: name expects resnet18 or resnet34 or resnet50',
    'E_CONFIG',
    () => models.pretrained('resnet101' as never),
  ],
  [
    'alignHead: structure expects 1-linear or 2-linear',
    'E_CONFIG',
    () => declare((layers) => models.alignHead(layers, map, { outputs: 2, structure: '9-linear' as never })),
  ],
  [
    'conv1: layers expects what layersOf or bindNetwork gives, got an object',
    'E_CONFIG',
    () => models.resnetFeatures({} as never, images, models.RESNETS.resnet18),
  ],
  [
    'training with dropout expects a random key, got none',
    'E_CONFIG',
    () => layersOf({}, { training: true }).random(),
  ],
];

const DATA: readonly Refused[] = [
  [
    'image frame: expects a whole size of at least 1, resize of at least size and resample pil or opencv, got 0, 0 and "pil"',
    'E_CONFIG',
    () => data.loadImage('any.png', 0),
  ],
  ['got 64, 32 and "pil"', 'E_CONFIG', () => data.loadPixels('any.png', { size: 64, resize: 32 })],
  [
    'loadMask: rule expects any, half, nearest, got "most"',
    'E_CONFIG',
    () => data.loadMask('any.png', 32, 'most' as never),
  ],
  [
    'ImageLoader: signal expects an AbortSignal, got 3',
    'E_CONFIG',
    () => new data.ImageLoader({ size: 32, signal: 3 as never }),
  ],
  [
    'ImageLoader: expects at least 1 of workers, and 0 or more cacheBytes and ahead, got 0, 1073741824, 64',
    'E_CONFIG',
    () => new data.ImageLoader({ size: 32, workers: 0 }),
  ],
  [
    'data set: layout expects manifest, mvtec, visa, btad, elpv, magnetic-tile, deeppcb, folder, got "coco"',
    'E_CONFIG',
    () => data.scanDataset('.', 'coco' as never),
  ],
  [
    'imagesToScore: paths expects a list, got "folder"',
    'E_CONFIG',
    () => data.imagesToScore('folder' as never),
  ],
  ['listImages: paths expects a list, got "folder"', 'E_CONFIG', () => data.listImages('folder' as never)],
  [
    'contaminate NaN: of the 0 anomalous test images it would move none',
    'E_DATASET',
    () =>
      data.chooseContaminants(
        { root: '.', layout: 'folder', classes: [], train: [], test: [] },
        Number.NaN,
        0,
      ),
  ],
];

it.each([...METRICS, ...NETWORKS, ...DATA])('%s (%s)', async (message, code, call) => {
  await expect((async () => call())()).rejects.toMatchObject({
    code,
    message: expect.stringContaining(message),
  });
});
