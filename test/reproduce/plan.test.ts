import { describe, expect, it } from 'vitest';
import type { Alignment } from '../../src/methods/alignments/index.ts';
import type { DetectorName } from '../../src/methods/detectors.ts';
import { type Cell, type Job, planCells, type Settings } from '../../src/reproduce/cells.ts';
import { TABLES, type TableName } from '../../src/reproduce/tables.ts';
import { checkConfig } from '../../src/run/config.ts';
import type { RunConfig } from '../../src/run/settings.ts';
import { ALL_SETS, SETTINGS } from './settings.ts';

const plan = (name: TableName, settings = SETTINGS, sets = ALL_SETS) =>
  planCells(TABLES[name].entries, sets, settings, '/out');
const cellsOf = (...args: Parameters<typeof plan>): Cell[] => [
  ...new Set(plan(...args).flatMap(({ cells }) => cells)),
];
const jobsOf = (...args: Parameters<typeof plan>): Job[] => [
  ...new Set(cellsOf(...args).map(({ job }) => job)),
];

describe('the plan of a table', () => {
  it('a table’s plan trains a detector once for all heads, and tests once for each score', () => {
    const jobs = jobsOf('table3');
    const main = jobs.filter(({ from }) => !from);
    expect(main).toHaveLength(1);
    // Four other structures, three other rates.
    const heads = jobs.filter(({ from }) => from);
    expect(heads).toHaveLength(7);
    for (const { from, config } of heads) {
      expect(from).toBe(main[0]);
      expect([config.iterations, config.align]).toEqual([0, ['cada']]);
      expect(config.detector).toBe('/out/cells/mvtec-ad-revdist-seed0/weights.safetensors');
    }
    expect(new Set(heads.map(({ config }) => `${config.alignHead} ${config.alignDropout}`)).size).toBe(7);
    // And the maximum, 0.1 % and 2 % of the main run.
    expect(cellsOf('table3')).toHaveLength(11);
    const fractions = cellsOf('table3').filter(({ job }) => !job.from);
    expect(fractions.map(({ scoreFraction }) => scoreFraction)).toEqual([0.01, 0, 0.001, 0.02]);
    expect(new Set(cellsOf('table3').map(({ folder }) => folder)).size).toBe(11);
  });

  it('a table’s plan shares runs between tables, to the last setting', () => {
    const seen = new Map<string, Job>();
    for (const name of ['table1', 'table2', 'table3', 'table4', 'table5'] as const) {
      for (const job of jobsOf(name)) {
        expect(job).toEqual(seen.get(job.folder) ?? job);
        seen.set(job.folder, job);
        expect(() => checkConfig(job.config)).not.toThrow();
      }
    }
    const mains = [...seen.values()].filter(({ from }) => !from);
    expect(mains.map(({ folder }) => folder).sort()).toEqual([
      '/out/cells/btad-revdist-seed0',
      '/out/cells/mvtec-ad-draem-seed0',
      '/out/cells/mvtec-ad-patchcore-seed0',
      '/out/cells/mvtec-ad-recontrast-seed0',
      '/out/cells/mvtec-ad-revdist-seed0',
      '/out/cells/mvtec-ad-uniad-seed0',
      '/out/cells/visa-cfa-seed0',
      '/out/cells/visa-draem-seed0',
      '/out/cells/visa-recontrast-seed0',
      '/out/cells/visa-revdist-seed0',
      '/out/cells/visa-uniad-seed0',
    ]);
    const asked: Partial<Record<DetectorName, Alignment[]>> = {
      revdist: ['cada', 'cada-std', 'class', 'classifier'],
      recontrast: ['cada'],
      uniad: ['cada'],
    };
    for (const { config } of mains) expect(config.align).toEqual(asked[config.method] ?? []);
  });

  it('a table’s plan has the paper’s settings where none are given', () => {
    const own = (settings?: Settings): RunConfig =>
      jobsOf('table1', settings).find(({ config }) => config.method === 'revdist')!.config;
    expect(own()).toMatchObject({ size: 256, batch: 16, iterations: 5000, alignIterations: 5000, lr: 2e-3 });
    expect(own({ ...SETTINGS, iterations: 7, size: 64 })).toMatchObject({
      size: 64,
      iterations: 7,
      alignIterations: 5000,
    });
  });

  it('a table’s plan takes each method’s own images, batch and image score', () => {
    const [cell] = cellsOf('table2').filter(({ job }) => job.config.method === 'cfa');
    expect(cell!.folder).toBe(cell!.job.folder);
    expect(cell!.scoreFraction).toBe(0);
    expect(cell!.job.config).toMatchObject({
      size: 224,
      resize: 256,
      batch: 4,
      smoothing: 'scipy',
      lr: 1e-3,
    });
  });

  it('a table’s plan asks no steps of a method that takes none, whatever the others take', () => {
    const config = (settings?: Settings): RunConfig =>
      jobsOf('table1', settings).find((job) => job.config.method === 'patchcore')!.config;
    const expected = { iterations: 0, coresetFraction: 0.1, scoreFraction: null, size: 224, resize: 256 };
    expect(config()).toMatchObject(expected);
    expect(config({ ...SETTINGS, iterations: 7 })).toMatchObject(expected);
    expect(() => checkConfig(config({ ...SETTINGS, iterations: 7 }))).not.toThrow();
  });

  it('a table’s plan repeats every cell for each seed', () => {
    const seeds = [3, 4, 5];
    for (const { cells, entry } of plan('table4', { ...SETTINGS, seeds })) {
      expect(
        cells.map(({ job }) => job.config.seed),
        entry.labels.join(),
      ).toEqual(seeds);
    }
  });

  it('a table’s plan mixes anomalies into the noisy data set alone', () => {
    for (const { config } of jobsOf('table5', { ...SETTINGS, noise: 0.3 })) {
      expect(config.contaminate?.images.length).toBe(config.data.endsWith('BTAD') ? 3 : undefined);
    }
    expect(jobsOf('table5').filter(({ config }) => config.contaminate)).toEqual([]);
  });

  it('a table’s plan says of what it cannot measure why not', () => {
    const one = new Map([...ALL_SETS].filter(([name]) => name === 'MVTec AD'));
    const reasons = plan('table4', SETTINGS, one).map(({ reason }) => reason);
    expect(reasons).toEqual([...Array(4), ...Array(4).fill('VisA is not in --data')]);
    const without = plan('table1', { ...SETTINGS, efficientnet: null });
    const uniad = without.filter(({ entry }) => entry.method === 'uniad');
    expect(uniad.map(({ cells, reason }) => [cells.length, reason])).toEqual(
      Array(4).fill([0, 'no weights: wgad weights fetch efficientnet_b4']),
    );
    expect(without.filter(({ reason }) => reason)).toHaveLength(4);
  });

  it('a table’s plan reads UniAD’s features of EfficientNet-B4 where it is there, of the others’ encoder where one is asked for', () => {
    const own = { encoder: 'efficientnet_b4_same380', weights: '/b4.pth', weightsSha256: 'b4' } as const;
    const encoders = (settings: Settings) =>
      jobsOf('table1', settings).map(({ config: { method, encoder, weights } }) => [
        method,
        encoder,
        weights,
      ]);
    expect(encoders({ ...SETTINGS, efficientnet: own })).toContainEqual(['uniad', own.encoder, own.weights]);
    expect(encoders({ ...SETTINGS, efficientnet: own })).toContainEqual([
      'revdist',
      'resnet18_w16',
      'embedded',
    ]);
    expect(encoders(SETTINGS)).toContainEqual(['uniad', 'resnet18_w16', 'embedded']);
  });

  it('a table’s plan gives a method without an encoder none, and its own width and score', () => {
    const { cells } = plan('table1', { ...SETTINGS, width: 16 }).find(
      ({ entry }) => entry.method === 'draem',
    )!;
    const [{ job, scoreFraction, folder }] = cells as [(typeof cells)[number]];
    expect(job.config).toMatchObject({ encoder: 'none', weights: 'none', width: 16, smoothing: 'none' });
    expect([scoreFraction, folder]).toEqual([null, job.folder]);
    checkConfig(job.config);
    const others = jobsOf('table1').filter(({ config }) => config.method !== 'draem');
    expect(others.map(({ config }) => config.width)).toEqual(others.map(() => undefined));
  });
});

describe("the paper's numbers", () => {
  it('the paper’s numbers have the gains that its tables print', () => {
    // "Δ to the base": UniAD, RevDist, ReContrast; I-AUROC, I-AP, P-AUROC, P-AP.
    const printed = {
      table1: [
        [4.3, 1.4, -0.3, -0.2],
        [13.0, 4.9, 1.1, 4.1],
        [7.9, 2.7, 0.4, 0.9],
      ],
      table2: [
        [1.7, 1.5, 0.4, 0.7],
        [9.3, 6.2, 1.4, 8.8],
        [2.6, 1.7, 0.7, 2.9],
      ],
    };
    for (const name of ['table1', 'table2'] as const) {
      const { entries, metrics } = TABLES[name];
      const gains = entries.flatMap(({ base, paper }) =>
        base ? [metrics.map((metric) => Number((paper[metric]! - base.paper[metric]!).toFixed(1)))] : [],
      );
      expect(gains).toEqual(printed[name]);
    }
  });

  it('the paper’s numbers agree where the paper repeats itself', () => {
    const { table1, table3, table5 } = TABLES;
    const absolute = (alignment: string) =>
      table1.entries.find(
        (each) =>
          each.method === 'revdist' && each.alignment === alignment && each.protocol === 'absolute-unified',
      )!.paper;
    expect(table3.entries[0]!.paper).toEqual(absolute('none'));
    expect(table5.entries[0]!.paper).toEqual(absolute('none'));
    const defaults = table3.entries.filter(({ labels }) => labels[0] === 'default');
    expect(defaults).toHaveLength(3);
    for (const { paper } of defaults) expect(paper).toEqual(absolute('cada'));
  });
});
