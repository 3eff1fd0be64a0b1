import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { DETECTOR_NAMES } from '../../src/methods/detectors.ts';
import { fromOnnx } from '../../src/onnx/index.ts';
import { type Finished, scratchFolder, start, TINY_DATA, TINY_TRAIN, wgad, wgadHere } from './wgad.ts';

/** The first use of a kernel compiles for seconds on a software adapter. */
const SLOW = 600_000;
const TRAIN = [
  ...TINY_TRAIN,
  '--iterations',
  '6',
  '--align-iterations',
  '12',
  '--align',
  'cada,class,classifier',
];

const folder = scratchFolder();
const data = (): string => folder.path('data');
const train = (run: string, ...more: string[]): string[] => [
  'train',
  data(),
  '--out',
  folder.path(run),
  ...TRAIN,
  ...more,
];
const weightsOf = (run: string): Promise<Buffer> => readFile(folder.path(run, 'weights.safetensors'));

const said = ({ code, stdout, stderr }: Finished): string => {
  expect(code, stderr).toBe(0);
  return stdout;
};
const succeed = async (args: string[]): Promise<string> => said(await wgad(args));
/** In this process: for what follows the first use of a verb. */
const succeedHere = async (args: string[]): Promise<string> => said(await wgadHere(args));

/** results.json without what depends on the clock. */
async function resultsOf(run: string): Promise<unknown> {
  const { latency: _, ...results } = JSON.parse(await readFile(folder.path(run, 'results.json'), 'utf8'));
  return results;
}

beforeAll(async () => {
  await succeedHere(['data', 'synth', '--out', data(), ...TINY_DATA]);
  await succeed(train('first'));
}, SLOW);

describe('the main job', () => {
  it(
    'a run is the same to the byte with the same seed, and another with another seed',
    async () => {
      await succeedHere(train('second'));
      expect((await weightsOf('second')).equals(await weightsOf('first'))).toBe(true);
      await succeedHere(['test', folder.path('first'), '--quiet']);
      await succeedHere(['test', folder.path('second'), '--quiet']);
      expect(await resultsOf('second')).toEqual(await resultsOf('first'));
      await succeedHere(train('other', '--seed', '1'));
      expect((await weightsOf('other')).equals(await weightsOf('first'))).toBe(false);
    },
    SLOW,
  );

  it(
    'test scores in f16 as well, and says so',
    async () => {
      const results = JSON.parse(
        await succeedHere(['test', folder.path('second'), '--precision', 'f16', '--json', '--quiet']),
      );
      expect(results.precision).toBe('f16');
      expect(results.config.precision).toBe('f16');
      const full = JSON.parse(await readFile(folder.path('first', 'results.json'), 'utf8'));
      expect(full.precision).toBe('f32');
      const [low, high] = [full, results].map(({ mapScale }) => mapScale.none.low);
      expect(low).not.toBe(high);
      expect(Math.abs(low / high - 1)).toBeLessThan(1e-2);
    },
    SLOW,
  );

  it(
    'test writes tables for both protocols and all alignments, metrics as fractions',
    async () => {
      const results = JSON.parse(await readFile(folder.path('first', 'results.json'), 'utf8'));
      for (const name of ['none', 'cada', 'class', 'classifier']) {
        const four = results.protocols['absolute-unified'][name];
        for (const value of [four.iAuroc, four.iAp, four.pAuroc, four.pAp]) {
          expect(value).toBeGreaterThanOrEqual(0);
          expect(value).toBeLessThanOrEqual(1);
        }
        expect(Object.keys(results.protocols['model-unified'][name].classes)).toHaveLength(2);
      }
      expect(results.latency.alignShare).toBeGreaterThanOrEqual(0);
      expect(results.latency.alignShare).toBeLessThan(1);
      const scores = await readFile(folder.path('first', 'scores.csv'), 'utf8');
      expect(scores.split('\n')[0]).toBe('path,class,label,score,calibrated,u_hat,gamma_hat,unfamiliar,ms');
      expect(scores.trim().split('\n')).toHaveLength(1 + 8);
    },
    SLOW,
  );

  it(
    'export writes a run as an ONNX model',
    async () => {
      const file = folder.path('first.onnx');
      const choice = ['--alignment', 'class', '--threshold', '0.5', '--batch', '2'];
      const args = ['export', folder.path('first'), '--onnx', file, ...choice, '--json', '--quiet'];
      const said = JSON.parse(await succeedHere(args));
      const bytes = await readFile(file);
      const { size } = said;
      expect(said).toMatchObject({ alignment: 'class', threshold: 0.5, batch: 2, bytes: bytes.length });
      const model = fromOnnx(bytes);
      expect(model.inputs).toMatchObject([
        { name: 'pixels', type: 'uint8', shape: [2, 3, size, size] },
        { name: 'labels', type: 'int32', shape: [2] },
      ]);
      expect(model.outputs).toMatchObject([
        { name: 'score', type: 'float', shape: [2] },
        { name: 'verdict', type: 'bool', shape: [2] },
        { name: 'map', type: 'float', shape: [2, size, size] },
      ]);
    },
    SLOW,
  );

  it(
    'test adds AUPRO under the names of its definitions where asked',
    async () => {
      const table = await succeedHere(['test', folder.path('first'), '--quiet', '--aupro', 'dataset,rd4ad']);
      const results = JSON.parse(await readFile(folder.path('first', 'results.json'), 'utf8'));
      for (const name of ['auproDataset', 'auproRd4ad'] as const) {
        const pooled = results.protocols['absolute-unified'].cada[name];
        expect(pooled).toBeGreaterThan(0);
        expect(pooled).toBeLessThanOrEqual(1);
        const { mean, classes } = results.protocols['model-unified'].cada;
        const each = Object.values(classes).map((metrics) => (metrics as Record<string, number>)[name]!);
        expect(mean[name]).toBeCloseTo(each.reduce((sum, value) => sum + value, 0) / each.length, 12);
      }
      const percent = (100 * results.protocols['absolute-unified'].none.auproDataset).toFixed(1);
      expect(table).toMatch(new RegExp(`AUPRO \\(dataset\\), absolute-unified +${percent} `));
      expect(table).toContain('AUPRO (rd4ad), model-unified');
    },
    SLOW,
  );

  it(
    'test scales masks to the maps by another rule where asked, which changes pixel metrics alone',
    async () => {
      // Of the maps' own size the masks would stay as they are.
      const larger = folder.path('larger');
      await succeedHere(['data', 'synth', '--out', larger, ...TINY_DATA.slice(0, -1), '96']);
      const four = async (...args: string[]) => {
        await succeedHere(['test', folder.path('second'), '--data', larger, '--quiet', ...args]);
        const { maskRule, protocols } = JSON.parse(
          await readFile(folder.path('second', 'results.json'), 'utf8'),
        );
        return { maskRule, ...protocols['absolute-unified'].none };
      };
      const half = await four('--mask-rule', 'half');
      const any = await four();
      expect([half.maskRule, any.maskRule]).toEqual(['half', undefined]);
      expect([half.iAuroc, half.iAp]).toEqual([any.iAuroc, any.iAp]);
      // Fewer pixels are anomalous.
      expect(half.pAp).toBeLessThan(any.pAp);
      const odd = await wgadHere(['test', folder.path('first'), '--mask-rule', 'some']);
      expect([odd.code, odd.stderr]).toEqual([
        2,
        expect.stringContaining('expects one of any, half, nearest'),
      ]);
    },
    SLOW,
  );

  it(
    'report writes a page that loads nothing from anywhere',
    async () => {
      await succeedHere(['report', folder.path('first')]);
      const whole = await readFile(folder.path('first', 'report.html'), 'utf8');
      const page = whole.replace(/data:image\/jpeg;base64,[^"]*/g, 'data:picture');
      expect(page).not.toMatch(/(src|href)="(?!data:)/);
      expect(page).not.toMatch(/<script|@import|url\(/);
      expect(page.match(/<svg/g)).toHaveLength(4);
      expect(page).toContain('Worst misses');
      expect(page).not.toContain('NaN');
      expect(page).not.toContain('undefined');
    },
    SLOW,
  );
});

describe('another method', () => {
  it(
    'another method goes through the same commands: train, test, predict, report',
    async () => {
      const run = folder.path('contrast');
      await succeedHere([
        ...train('contrast', '--method', 'recontrast', '--align-head', '2-conv-2-linear'),
        ...['--align', 'cada-std,cada,class,classifier'],
        ...['--amsgrad', '--adam-eps', '1e-10', '--lr-schedule', 'constant', '--align-lr', '0.01'],
        ...['--align-alpha', '0.2', '--calibration', 'after', '--class-table', 'sigma'],
      ]);
      const config = JSON.parse(await readFile(folder.path('contrast', 'config.json'), 'utf8'));
      expect(config).toMatchObject({
        ...{ method: 'recontrast', encoderLr: 1e-5, encoderNorm: 'evaluation' },
        ...{ amsgrad: true, adamEps: 1e-10, lrSchedule: 'constant', alignLr: 0.01, alignAlpha: 0.2 },
        ...{ calibration: 'after', classTable: 'sigma' },
      });
      await succeedHere(['test', run, '--quiet']);
      const { protocols } = (await resultsOf('contrast')) as { protocols: Record<string, object> };
      expect(Object.keys(protocols['absolute-unified']!)).toEqual([
        ...['none', 'cada-std', 'cada', 'class', 'classifier'],
      ]);
      const some = `${data()}/${(await readdir(data()))[0]}`;
      const withMissing = await wgadHere(['predict', run, folder.path('nowhere.png'), some, '--quiet']);
      expect(withMissing.code).toBe(3);
      const [missing, ...others] = withMissing.stdout.trim().split('\n');
      expect(JSON.parse(missing!).error).toMatchObject({ code: 'E_IMAGE' });
      // Masks are no images to judge.
      const images = (await readdir(some, { recursive: true })).filter(
        (name) => name.endsWith('.png') && !name.startsWith('ground_truth'),
      );
      expect(others).toHaveLength(images.length);
      for (const row of others) {
        const { score, calibrated, u_hat, gamma_hat, unfamiliar } = JSON.parse(row);
        expect(score).toBeGreaterThan(0);
        for (const value of [calibrated, u_hat, gamma_hat]) expect(value).toEqual(expect.any(Number));
        expect(unfamiliar).toEqual(expect.any(Boolean));
      }
      await succeedHere(['report', run]);
      const page = await readFile(folder.path('contrast', 'report.html'), 'utf8');
      expect(page).toContain('recontrast, encoder resnet18_w16');
      const scores = async (): Promise<number[]> => {
        const [, ...lines] = (await readFile(folder.path('contrast', 'scores.csv'), 'utf8'))
          .trim()
          .split('\n');
        return lines.map((line) => Number(line.split(',')[3]));
      };
      const topOne = await scores();
      await succeedHere(['test', run, '--quiet', '--score-fraction', '0']);
      (await scores()).forEach((highest, i) => {
        expect(highest).toBeGreaterThan(topOne[i]!);
      });
    },
    SLOW,
  );

  it('an unknown method is refused, and so are options that a method does not have', async () => {
    const unknown = await wgadHere(
      train(
        'unknown',
        '--method',
        'magic',
        '--encoder-norm',
        'odd',
        '--align-head',
        '9-conv',
        '--align-kernel',
        '2',
        '--calibration',
        'never',
      ),
    );
    expect(unknown.code).toBe(2);
    for (const text of [
      `method expects one of ${DETECTOR_NAMES.join(', ')}, got magic`,
      'encoderNorm expects one of evaluation, training, got odd',
      'alignHead expects one of 1-linear, 2-linear, 3-linear, 1-conv-2-linear, 2-conv-2-linear, got 9-conv',
      'alignKernel expects 1 or 3, got 2',
      'calibration expects one of before, after, got never',
    ]) {
      expect(unknown.stderr).toContain(text);
    }
    const started = await wgadHere(train('started', '--method', 'recontrast', '--detector', 'some.pth'));
    expect(started.code).toBe(2);
    expect(started.stderr).toContain(
      'detector is for methods whose checkpoints are read (revdist, uniad), not for recontrast',
    );
    const frozen = await wgadHere(train('frozen', '--encoder-lr', '1e-4'));
    expect(frozen.code).toBe(2);
    expect(frozen.stderr).toContain('encoderLr is for methods that train their encoder, not for revdist');
  });
});

describe('predict', () => {
  it(
    'predict scores images of every kind, names a bad one, exits 3, and writes maps on one scale',
    async () => {
      const photos = folder.path('photos');
      await mkdir(photos);
      const plain = { width: 40, height: 56, channels: 3, background: 'teal' } as const;
      await sharp({ create: plain }).greyscale().png().toFile(`${photos}/grey.png`);
      await sharp({ create: { ...plain, channels: 4 } })
        .png()
        .toFile(`${photos}/alpha.png`);
      await sharp({ create: plain }).toColourspace('rgb16').png().toFile(`${photos}/sixteen.png`);
      await sharp({ create: plain }).jpeg().toFile(`${photos}/photo.jpg`);
      await writeFile(`${photos}/bad.png`, 'no image');
      const maps = folder.path('maps');
      const args = [
        'predict',
        folder.path('first'),
        photos,
        '--out',
        maps,
        '--save-maps',
        '--threshold',
        '0.5',
      ];
      const { code, stdout, stderr } = await wgad(args);
      expect(code, stderr).toBe(3);
      const rows = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(rows).toHaveLength(5);
      const bad = rows.filter((row) => row.error);
      expect(bad.map((row) => row.error.code)).toEqual(['E_IMAGE']);
      for (const row of rows.filter((each) => !each.error)) {
        expect(Number.isFinite(row.score)).toBe(true);
        expect(row.verdict).toBe(row.calibrated >= 0.5 ? 'anomalous' : 'normal');
      }
      expect(stderr).toContain('bad.png');
      const files = await readdir(maps);
      expect(files).toHaveLength(4 * 3);
      const raw = await sharp(`${maps}/${files.find((name) => name.endsWith('.map.png'))}`).metadata();
      expect([raw.width, raw.height, raw.depth]).toEqual([64, 64, 'ushort']);
    },
    SLOW,
  );
});

// Killed at random moments it is in test/faults.
describe('a stopped training', () => {
  it(
    'a training stopped by Ctrl-C saves its state, exits 130 and goes on',
    async () => {
      const { child, done } = start(
        train('stopped', '--iterations', '400').filter((arg) => arg !== '--quiet'),
      );
      await new Promise<void>((resolve) => {
        child.stderr!.on('data', (text: Buffer) => {
          if (text.toString().includes('detector')) resolve();
        });
      });
      child.kill('SIGINT');
      const { code, stderr } = await done;
      expect(stderr).toContain('stopped; go on with');
      expect(code).toBe(130);
      expect((await stat(folder.path('stopped', 'checkpoint.safetensors'))).size).toBeGreaterThan(1e6);
    },
    SLOW,
  );

  it(
    'Ctrl-C in the pass over the images ends that pass, and the training goes on to the same bytes',
    async () => {
      const { child, done } = start(train('passing').filter((arg) => arg !== '--quiet'));
      await new Promise<void>((resolve) => {
        child.stderr!.on('data', (text: Buffer) => {
          if (text.toString().includes('features')) resolve();
        });
      });
      child.kill('SIGINT');
      const { code, stderr } = await done;
      expect(stderr).toContain('stopped in');
      expect(stderr).not.toContain('regressor');
      expect(code).toBe(130);
      await succeedHere(train('passing', '--resume'));
      expect((await weightsOf('passing')).equals(await weightsOf('first'))).toBe(true);
    },
    SLOW,
  );

  it(
    'a stopped training is not resumed with another configuration',
    async () => {
      const { code, stderr } = await wgadHere(train('first', '--resume', '--lr', '0.5'));
      expect(stderr).toMatch(/E_CONFIG .*another configuration/);
      expect(code).toBe(2);
    },
    SLOW,
  );
});
