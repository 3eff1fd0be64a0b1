import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { readWeights } from '../../src/formats/weightsFile.ts';
import { writeSafetensors } from '../../src/formats/writeSafetensors.ts';
import { embeddedPath } from '../../src/weights/embedded.ts';
import { MAIN, scratchFolder, TINY_DATA, TINY_TRAIN, wgadHere } from './wgad.ts';

const folder = scratchFolder();
let runs = 0;
const EMBEDDED = embeddedPath('resnet18_w16');
const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

beforeAll(async () => {
  const { code, stderr } = await wgadHere(['data', 'synth', '--out', folder.path('data'), ...TINY_DATA]);
  expect(code, stderr).toBe(0);
});

/** A copy of the data set with one thing wrong. */
async function broken(
  name: string,
  change: (root: string, className: string) => Promise<void>,
): Promise<string> {
  const root = folder.path(name);
  await cp(folder.path('data'), root, { recursive: true });
  const [className] = (await readdir(root)).sort();
  await change(root, className!);
  return root;
}

/** Training refuses the data: exit 1, the message, and no run folder. */
async function refused(data: string, message: string | RegExp, ...more: string[]): Promise<void> {
  const out = folder.path(`run-${runs++}`);
  const { code, stderr, stdout } = await wgadHere([
    'train',
    data,
    '--out',
    out,
    '--iterations',
    '2',
    ...TINY_TRAIN,
    ...more,
  ]);
  expect(stderr).toMatch(message);
  expect(code).toBe(1);
  expect(stdout).toBe('');
  expect(await exists(out)).toBe(false);
}

describe('data that cannot be used is refused before anything is written', () => {
  it('a missing data folder is refused before anything is written', () =>
    refused(folder.path('nowhere'), /E_DATASET .*nowhere/));

  it(
    'a batch that no adapter binds is refused with what is too large, and a batch that fits',
    () =>
      refused(
        folder.path('data'),
        /E_LIMIT training revdist, resnet18_w16, 512 px, batch 2048: encoder\.\S+ .* needs a binding of \d+ bytes .* allows \d+ bytes .*; batch \d+ fits\n.*use --batch \d+ or less/,
        '--size',
        '512',
        '--batch',
        '2048',
      ),
    120_000,
  );

  it('a class without training images is refused before anything is written', async () => {
    const data = await broken('empty', async (root, name) => {
      await rm(`${root}/${name}/train/good`, { recursive: true });
      await mkdir(`${root}/${name}/train/good`);
    });
    await refused(data, /E_DATASET .*train/);
  });

  it('a mask of another size is refused before anything is written', async () => {
    const data = await broken('mask', async (root, name) => {
      const [defect] = (await readdir(`${root}/${name}/ground_truth`)).sort();
      const [mask] = (await readdir(`${root}/${name}/ground_truth/${defect}`)).sort();
      const grey = { width: 32, height: 48, channels: 3, background: 'black' } as const;
      await sharp({ create: grey }).png().toFile(`${root}/${name}/ground_truth/${defect}/${mask}`);
    });
    const { code, stdout } = await wgadHere(['data', 'check', data]);
    expect(stdout).toMatch(/no problems\n\n1 warnings:\n +mask-size: .*32x48/);
    expect(code).toBe(0);
  });
});

it('data without a test is trained on, and the test says what it lacks', async () => {
  const data = await broken('untested-data', async (root) => {
    for (const name of await readdir(root)) {
      for (const part of ['test', 'ground_truth']) await rm(`${root}/${name}/${part}`, { recursive: true });
    }
  });
  const run = folder.path('run-untested');
  const short = ['--iterations', '2', '--align-iterations', '2'];
  const trained = await wgadHere(['train', data, '--out', run, ...short, ...TINY_TRAIN]);
  expect(trained.code, trained.stderr).toBe(0);
  const { code, stderr } = await wgadHere(['test', run]);
  expect(stderr).toMatch(/E_DATASET .*untested-data: has no test image\n +fix: .*test\/good.*wgad predict/);
  expect(code).toBe(1);
}, 600_000);

describe('a truncated image', () => {
  const cut = (path: string): Promise<void> => truncate(path, 200);

  it('a truncated image ends training with its name; nothing is left behind', async () => {
    const data = await broken('cut', async (root, name) => {
      const [image] = (await readdir(`${root}/${name}/train/good`)).sort();
      await cut(`${root}/${name}/train/good/${image}`);
    });
    const out = folder.path('run-cut');
    const args = ['train', data, '--out', out, '--iterations', '2', ...TINY_TRAIN];
    const { code, stderr } = await wgadHere(args);
    expect(stderr).toMatch(/E_IMAGE .*train\/good\//);
    expect(code).toBe(1);
    expect(await exists(`${out}/weights.safetensors`)).toBe(false);
    const left = await readdir(out).catch(() => []);
    expect(left.filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
});

describe('weights', () => {
  it('weights with NaN are refused by the name of the tensor', async () => {
    const { tensors } = await readWeights(EMBEDDED);
    const weight = tensors.get('layer1.0.conv1.weight')!;
    weight.data[5] = Number.NaN;
    const path = folder.path('nan.safetensors');
    await writeSafetensors(path, tensors, {});
    await refused(folder.path('data'), /E_NOT_FINITE .*layer1\.0\.conv1\.weight/, '--weights', path);
  });

  it('weights of another network are refused with all that does not fit', async () => {
    const wrong = ['--encoder', 'resnet18', '--weights', EMBEDDED];
    await refused(folder.path('data'), /E_WEIGHTS [\s\S]*layer1\.0\.conv1\.weight/, ...wrong);
  });

  it('weights that are no safetensors are refused', async () => {
    const path = folder.path('text.safetensors');
    await writeFile(path, 'not a tensor in sight');
    await refused(folder.path('data'), /E_(FILE|WEIGHTS) .*text\.safetensors/, '--weights', path);
  });
});

describe('a training that diverges', () => {
  const diverge = (run: string, ...more: string[]): Promise<{ code: number | null; stderr: string }> =>
    wgadHere([
      ...['train', folder.path('data'), '--out', folder.path(run), ...TINY_TRAIN, '--lr', '1e6'],
      ...['--iterations', '30', ...more],
    ]);

  it('a training that diverges leaves a checkpoint in which all is finite, saved at whatever step', async () => {
    const { code, stderr } = await diverge('diverged', '--save-every', '0');
    expect(stderr).toMatch(
      /E_NOT_FINITE detector: .*\n +fix: use a smaller --lr and another --out.*; .*checkpoint\.safetensors is intact: detector after step \d+/,
    );
    expect(code).toBe(1);
    const { tensors, metadata } = await readWeights(folder.path('diverged', 'checkpoint.safetensors'));
    expect(stderr).toContain(`after step ${metadata.get('step')}`);
    for (const [name, { data }] of tensors) {
      expect(data.every(Number.isFinite), name).toBe(true);
    }
  }, 600_000);

  it('a training that diverges says that there is no checkpoint where none was saved', async () => {
    const { code, stderr } = await diverge('unsaved');
    expect(stderr).toMatch(
      /E_NOT_FINITE .*\n +fix: use a smaller --lr and another --out.*; no checkpoint had been saved yet/,
    );
    expect(code).toBe(1);
    expect(await exists(folder.path('unsaved', 'weights.safetensors'))).toBe(false);
  }, 600_000);
});

describe('the adapter', () => {
  it('an adapter that nobody has ends in exit 4, and nothing is written', async () => {
    const out = folder.path('run-gpu');
    const args = ['train', folder.path('data'), '--out', out, '--gpu', 'no such adapter', ...TINY_TRAIN];
    const { code, stderr } = await wgadHere(args);
    expect(stderr).toContain('E_NO_ADAPTER');
    expect(code).toBe(4);
    expect(await exists(out)).toBe(false);
  });
});

describe('a run folder', () => {
  it('a folder that is no run is named', async () => {
    const { code, stderr } = await wgadHere(['test', folder.path('no-run')]);
    expect(stderr).toMatch(/E_FILE .*no-run.*config\.json/);
    expect(code).toBe(1);
  });

  it('a run whose configuration is cut or edited is refused by the name of the file', async () => {
    await mkdir(folder.path('edited'), { recursive: true });
    const config = folder.path('edited', 'config.json');
    for (const [text, message, exit] of [
      ['{', /E_FILE .*config\.json: is not JSON/, 1],
      ['{"method":"best"}', /E_CONFIG .*config\.json: method expects one of .*size expects/, 2],
    ] as const) {
      await writeFile(config, text);
      const { code, stderr } = await wgadHere(['predict', folder.path('edited'), folder.path('edited')]);
      expect(stderr).toMatch(message);
      expect(code).toBe(exit);
    }
  });

  it('a run folder cannot be made where a file lies', async () => {
    await writeFile(folder.path('file'), '');
    const { code, stderr } = await wgadHere([
      'train',
      folder.path('data'),
      '--out',
      folder.path('file'),
      ...TINY_TRAIN,
    ]);
    expect(stderr).toMatch(/E_FILE .*file: cannot be made a folder/);
    expect(code).toBe(1);
  });

  it('a folder without a run cannot be reported', async () => {
    await mkdir(folder.path('no-run'));
    const { code, stderr } = await wgadHere(['report', folder.path('no-run')]);
    expect(stderr).toMatch(/config\.json: cannot be read.*\n {2}fix: give the folder of a finished run/);
    expect(code).toBe(1);
    expect(await readdir(folder.path('no-run'))).toEqual([]);
  });
});

it('a missing safetensors file is an error with its path', async () => {
  const { code, stderr } = await wgadHere(['weights', 'inspect', folder.path('none.safetensors')]);
  expect(stderr).toMatch(/E_FILE .*none\.safetensors/);
  expect(code).toBe(1);
});

it('errors are JSON on stdout with --json', async () => {
  const { stdout } = await wgadHere(['test', folder.path('no-run'), '--json']);
  expect(JSON.parse(stdout).error.code).toBe('E_FILE');
  expect(await readFile(EMBEDDED)).toBeTruthy();
});

it.runIf(process.platform === 'linux')(
  'too little address space is refused before the driver faults',
  async () => {
    const args = ['features', folder.path('a.png'), '--encoder', 'resnet18_w16', '--size', '64', '--out'];
    const limited = ['-c', 'ulimit -v 1600000; exec "$0" "$@"', process.execPath, MAIN, ...args];
    await sharp({ create: { width: 64, height: 64, channels: 3, background: 'grey' } })
      .png()
      .toFile(folder.path('a.png'));
    const failed = await promisify(execFile)('bash', [...limited, folder.path('a.safetensors')]).catch(
      (error: { code: number; stderr: string }) => error,
    );
    expect(failed).toMatchObject({
      code: 5,
      stderr: expect.stringMatching(
        /E_OUT_OF_MEMORY .*of address space, this process has \d+ MiB left\n +fix: .*ulimit/,
      ),
    });
  },
);
