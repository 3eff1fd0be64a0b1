import { readdir, readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { EXIT } from '../../src/cli/exitCodes.ts';
import { VERSION } from '../../src/version.ts';
import { scratchFolder, start, wgadHere } from './wgad.ts';

const folder = scratchFolder();

const VERBS = [
  ['doctor'],
  ['data', 'synth'],
  ['data', 'check'],
  ['train'],
  ['test'],
  ['predict'],
  ['report'],
  ['export'],
  ['site'],
  ['reproduce'],
  ['features'],
  ['weights', 'inspect'],
  ['weights', 'convert'],
  ['weights', 'fetch'],
  ['bench', 'kernels'],
  ['bench', 'latency'],
  ['profile'],
  ['tune'],
  ['kernels', 'show'],
  ['demo'],
];

describe('help', () => {
  it.each(VERBS)('the help of %s %s has an example', async (...verb) => {
    const { code, stdout } = await wgadHere([...verb, '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain(`Usage: wgad ${verb.join(' ')}`);
    expect(stdout).toContain(`Example:\n  wgad ${verb.join(' ')}`);
  });

  it.each([['data'], ['weights'], ['bench'], ['kernels'], ['train']])(
    'the help of %s has an example and the global flags',
    async (verb) => {
      const { stdout } = await wgadHere([verb, '--help']);
      expect(stdout).toContain(`Example:\n  wgad ${verb} `);
      expect(stdout).toContain('--gpu <index|name>');
    },
  );

  it('help lists every verb', async () => {
    const { stdout } = await wgadHere(['--help']);
    for (const [verb] of VERBS) expect(stdout).toContain(`\n  ${verb}`);
  });
});

it('tells its version, the one in package.json', async () => {
  const { version } = JSON.parse(await readFile('package.json', 'utf8'));
  expect(VERSION).toBe(version);
  expect((await wgadHere(['--version'])).stdout).toContain(`wgad ${version}`);
});

describe('misuse exits 2 and says what would be right', () => {
  it.each([
    [['train', 'x', '--out', 'y', '--iteration', '3'], 'Did you mean --iterations?'],
    // What is misspelt comes before what is missing.
    [['train', 'x', '--ouy', 'y'], 'Did you mean --out?'],
    [['tset', 'x'], 'Did you mean test?'],
    [['train', 'x'], "required option '--out <run>' not specified"],
    [['data', 'synth', '--out', 'x', '--classes', 'many'], '--classes expects a whole number'],
    [
      ['test', 'x', '--protocol', 'all'],
      'expects any of class-separated, model-unified, absolute-unified, got all',
    ],
    [
      ['demo', '--out', 'runs/never', '--size', '100'],
      'size expects a multiple of 32 of at least 64, got 100',
    ],
    [
      ['demo', '--out', 'runs/never', '--align-iterations', '0'],
      'alignIterations expects a whole number of at least 1, got 0: align cada,class has a head to train',
    ],
    [['demo', '--out', 'runs/never', '--iterations', '0'], 'iterations expects a whole number of at least 1'],
    [
      ['reproduce', 'table4', '--quick', '--align-iterations', '0'],
      '--align-iterations expects a whole number from 1',
    ],
    [['reproduce', 'table4', '--quick', '--iterations', '0'], '--iterations expects a whole number from 1'],
    [['tune', '--batch', '2, 2'], 'expects each once, got 2 twice'],
    [['bench', 'latency', '--align', 'cada,cada'], 'expects each once, got cada twice'],
    [
      ['features', 'a.png', '--out', 'f', '--layers', 'layer1,layer1'],
      '--layers expects each once, got layer1 twice',
    ],
    [['data', 'synth', '--out', 'x', '--defects', 'blob,blob'], 'defects expects each once, got blob twice'],
    [['train', 'x', '--out', 'y', '--preset', 'quick,quick'], '--preset expects each once, got quick twice'],
    [['threshold', 'x', '--fpr', '0'], '--fpr expects more than 0 and less than 1, got 0'],
    [['train', 'x', '--out', 'y', '--contaminate', '2'], '--contaminate expects a number from 0 to 1, got 2'],
    [
      ['data', 'check', 'x', '--layout', 'coco'],
      "option '--layout <name>' argument 'coco' is invalid. expects one of manifest, mvtec, visa, btad, elpv, magnetic-tile, deeppcb, folder, got coco",
    ],
    [['test', 'x', '--aupro', 'mvtec'], 'expects any of dataset, rd4ad, both, none, got mvtec'],
    [['bench', 'latency', '--model', 'resnet19'], 'expects any of resnet18, '],
    [['bench', 'kernels', '--model', 'vgg'], 'expects any of resnet18, '],
    [['bench', 'latency', '--method', 'fcdd'], 'expects one of revdist, '],
    [['bench', 'latency', '--align', 'class'], 'expects any of none, cada, got class'],
    [['bench', 'latency', '--size', '100'], 'expects a multiple of 32, got 100'],
    [['bench', 'kernels', '--precision', 'f8'], 'expects f32 or f16, got f8'],
    [['tune', '--precision', 'f8'], 'expects f32 or f16, got f8'],
    [['bench', 'latency', '--filter', '('], 'expects a regular expression, got (.'],
    [['bench', 'train', '--batch', '1'], '--batch'],
    [['predict', 'x', 'y.png', '--save-maps'], '--save-maps expects --out'],
    [['export', 'x'], 'export expects either --web or --onnx'],
    [['export', 'x', '--web', 'y', '--batch', '2'], '--batch says nothing about --web'],
    [['export', 'x', '--onnx', 'y', '--half'], '--half says nothing about --onnx'],
    [['site', '--port', '70000'], '--port expects a whole number from 0 to 65535'],
    [['test', 'x', '--precision', 'f8'], 'expects f32 or f16, got f8'],
    [['features', 'a.png', '--out', 'f', '--encoder', 'vgg'], '--encoder expects one of resnet18, '],
  ])('misuse exits 2 and says what would be right: %j', async (args, message) => {
    const { code, stderr, stdout } = await wgadHere(args);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
    expect(stdout).toBe('');
  });
});

describe('settings', () => {
  const synth = (...more: string[]): string[] => ['data', 'synth', '--test', '2', '--size', '64', ...more];
  const classesIn = async (args: string[], env?: Record<string, string>): Promise<number> => {
    const { code, stdout, stderr } = await wgadHere([...args, '--json'], env);
    expect(stderr, stderr).not.toContain('wgad: E_');
    expect(code).toBe(0);
    return JSON.parse(stdout).classes.length;
  };

  it('settings come from the file, over it the environment, over it the flag', async () => {
    const file = folder.path('settings.json');
    await writeFile(file, JSON.stringify({ classes: 3, train: 1, seed: 7 }));
    const config = ['--config', file];
    expect(await classesIn(synth('--out', folder.path('a'), ...config))).toBe(3);
    expect(await classesIn(synth('--out', folder.path('b'), ...config), { WGAD_CLASSES: '2' })).toBe(2);
    const flag = ['--classes', '1'];
    expect(await classesIn(synth('--out', folder.path('c'), ...config, ...flag), { WGAD_CLASSES: '2' })).toBe(
      1,
    );
  });

  it('settings come from the file of WGAD_CONFIG where no flag names one', async () => {
    const write = async (name: string, settings: object): Promise<string> => {
      await writeFile(folder.path(name), JSON.stringify(settings));
      return folder.path(name);
    };
    const env = { WGAD_CONFIG: await write('by-variable.json', { classes: 3, train: 1 }) };
    expect(await classesIn(synth('--out', folder.path('g')), env)).toBe(3);
    expect(await classesIn(synth('--out', folder.path('h')), { ...env, WGAD_CLASSES: '2' })).toBe(2);
    const flag = ['--config', await write('by-flag.json', { classes: 1, train: 1 })];
    expect(await classesIn(synth('--out', folder.path('i'), ...flag), env)).toBe(1);
    const itself = folder.path('itself.json');
    await write('itself.json', { config: itself });
    const { code, stderr } = await wgadHere(synth('--out', folder.path('j')), { WGAD_CONFIG: itself });
    expect(stderr).toMatch(/E_CONFIG .*itself\.json: config names another file/);
    expect(code).toBe(2);
  });

  it('settings may hold what a verb requires, and lists', async () => {
    expect(await classesIn(synth(), { WGAD_OUT: folder.path('f'), WGAD_CLASSES: '1' })).toBe(1);
    const file = folder.path('lists.json');
    await writeFile(file, JSON.stringify({ images: [folder.path('f', 'nowhere')] }));
    const images = { WGAD_IMAGES: folder.path('f', 'nowhere') };
    for (const args of [['--config', file], []]) {
      const { stderr } = await wgadHere(
        ['threshold', folder.path('no run'), ...args],
        args.length > 0 ? {} : images,
      );
      expect(stderr).not.toContain('is not a function');
    }
  });

  it('settings that name no flag are refused', async () => {
    const file = folder.path('wrong.json');
    await writeFile(file, JSON.stringify({ clases: 3 }));
    const { code, stderr } = await wgadHere(synth('--out', folder.path('d'), '--config', file));
    expect(stderr).toContain('clases (did you mean classes?) is no flag of this command');
    expect(code).toBe(2);
  });

  it.each([
    ['a switch that is a number', '{"json": 1}', /json expects true or false, got 1\n/],
    ['a switch of another word', '{"quiet": "no"}', /quiet expects true or false, got "no"\n/],
    ['a text that is null', '{"defects": null}', /defects expects a text or a number, got null\n/],
    ['a text that is an object', '{"gpu": {}}', /gpu expects a text or a number, got an object\n/],
    ['a list for one number', '{"classes": [2, 3]}', /classes expects a text or a number, got \[2, 3\]\n/],
    ['an empty text', '{"defects": ""}', /defects expects a text or a number, got ""\n/],
    ['a name twice', '{"seed": 1, "seed": 2}', /seed is set twice/],
    [
      'a byte order mark too many',
      '\ufeff\ufeff{"seed": 1}',
      /is not JSON: Unexpected token '\\ufeff', "\\ufeff\{/,
    ],
    ['a hexadecimal number', '{"classes": "0x2"}', /--classes expects a whole number .*, got 0x2\n/],
  ])('a wrong setting is refused by its name: %s', async (_, text, says) => {
    const file = folder.path('types.json');
    await writeFile(file, text);
    const { code, stderr } = await wgadHere(synth('--out', folder.path('types'), '--config', file));
    expect(stderr).toMatch(/^wgad: E_CONFIG .*types\.json/);
    expect(stderr).toMatch(says);
    expect(code).toBe(2);
  });

  it('settings are refused in variables as in files; an empty variable sets nothing', async () => {
    const { code, stderr } = await wgadHere(synth('--out', folder.path('k')), { WGAD_JSON: 'yes' });
    expect(stderr).toContain('E_CONFIG WGAD_JSON: json expects true or false, got "yes"');
    expect(code).toBe(2);
    const empty = { WGAD_CLASSES: '', WGAD_SEED: '', WGAD_CONFIG: '' };
    expect(await classesIn(synth('--out', folder.path('l'), '--classes', '1', '--train', '1'), empty)).toBe(
      1,
    );
  });

  it('a variable that sets nothing is said, with the one that was meant; those of other verbs are not', async () => {
    const env = { WGAD_CLASES: '1', WGAD_TYPO: '1', WGAD_PRECISION: 'f16', WGAD_CACHE: folder.path('cache') };
    const { code, stderr } = await wgadHere(synth('--out', folder.path('m'), '--train', '1', '--quiet'), env);
    expect(stderr).toBe(
      'wgad: warning: WGAD_CLASES sets nothing; did you mean WGAD_CLASSES?\nwgad: warning: WGAD_TYPO sets nothing\n',
    );
    expect(code).toBe(0);
  });

  it.each([
    ['--out', synth('--out', '')],
    ['--config', synth('--out', folder.path('m'), '--config', ' ')],
    ['check', ['data', 'check', '']],
    ['predict', ['predict', 'run', '']],
  ])('empty values on the command line are refused: %s', async (what, args) => {
    const { code, stderr } = await wgadHere(args);
    expect(stderr).toContain(`E_CONFIG ${what} expects a value, got an empty one`);
    expect(code).toBe(2);
  });

  it('settings that no number can hold are refused', async () => {
    const { code, stderr } = await wgadHere(['train', 'photos', '--out', folder.path('n'), '--lr', '1e999']);
    expect(stderr).toMatch(/E_CONFIG --lr expects a number .*, got 1e999/);
    expect(code).toBe(2);
  });

  it('a file of settings that is not JSON is refused', async () => {
    const file = folder.path('broken.json');
    await writeFile(file, '{');
    const { code, stderr } = await wgadHere(synth('--out', folder.path('e'), '--config', file));
    expect(stderr).toContain('is not JSON');
    expect(code).toBe(2);
  });
});

describe('stopping', () => {
  it('Ctrl-C ends the drawing of images with nothing left behind', async () => {
    const { child, done } = start(['data', 'synth', '--out', folder.path('drawn'), '--train', '2000']);
    await new Promise<void>((resolve) => child.stderr!.once('data', () => resolve()));
    child.kill('SIGINT');
    const { code, stderr } = await done;
    expect(stderr).toContain('stopping');
    expect(stderr).not.toContain('wgad: E_');
    expect(code).toBe(130);
    expect((await readdir(folder.path())).filter((name) => name.startsWith('drawn'))).toEqual([]);
  });

  it('a second Ctrl-C leaves nothing behind, by force nothing that outlives the next drawing', async () => {
    // Images as large as these take so long that the second comes before the first has ended the drawing.
    const large = ['data', 'synth', '--out', folder.path('large'), '--size', '768', '--test', '200'];
    const left = async () => (await readdir(folder.path())).filter((name) => name.startsWith('large'));
    const untilDrawing = async (args: string[]) => {
      const { child, done } = start(args);
      await new Promise<void>((resolve) => child.stderr!.once('data', () => resolve()));
      return { child, done };
    };
    const twice = await untilDrawing(large);
    twice.child.kill('SIGINT');
    await new Promise<void>((resolve) => twice.child.stderr!.once('data', () => resolve()));
    twice.child.kill('SIGINT');
    expect((await twice.done).code).toBe(130);
    expect(await left()).toEqual([]);

    const killed = await untilDrawing(large);
    killed.child.kill('SIGKILL');
    await killed.done;
    expect(await left()).toEqual([expect.stringMatching(/^large\.\d+\.tmp$/)]);
    const small = ['--classes', '1', '--train', '1', '--test', '2', '--size', '32'];
    const { code } = await wgadHere(['data', 'synth', '--out', folder.path('large'), ...small]);
    expect(code).toBe(0);
    expect(await left()).toEqual(['large']);
  });

  it('a reader that has read enough is no failure', async () => {
    const { child, done } = start(['--help']);
    child.stdout!.destroy();
    const { code, stderr } = await done;
    expect(stderr).toBe('');
    expect(code).toBe(0);
  });
});

it('every error and exit code is in docs/errors.md', async () => {
  const [source, page] = await Promise.all(
    ['src/errors.ts', 'docs/errors.md'].map((path) => readFile(path, 'utf8')),
  );
  const codes = new Set(source!.match(/'E_[A-Z_]+'/g)!.map((code) => code.slice(1, -1)));
  expect(codes.size).toBe(14);
  for (const code of codes) expect(page).toContain(`\n| \`${code}\` | `);
  for (const code of Object.values(EXIT)) expect(page).toMatch(new RegExp(`[:;] ${code} [a-z]`));
});
