import { join } from 'node:path';
import type { Dataset, Sample } from '../data/index.ts';
import { ConfigError } from '../errors.ts';
import { atomicFile } from '../formats/atomicFile.ts';
import { sha256Of } from '../formats/sha256.ts';
import type { Alignment } from '../methods/alignments/index.ts';
import type { AuproDefinition } from '../metrics/index.ts';
import { runFiles } from '../run/folder.ts';
import type { RunConfig } from '../run/settings.ts';
import { openScorer } from '../score/scorer.ts';
import { alignmentsOf } from '../score/scorerOn.ts';
import { scoreSamples, type TestRow, tallyFor } from '../score/testRows.ts';
import { planTest, type Results, resultsFrom, type TestOptions, writeTest } from '../score/testRun.ts';
import { COUNTS_FILE, joinCounts, writeCounts } from './countsFile.ts';
import type { Manifest } from './manifest.ts';
import type { Parts } from './readParts.ts';
import { ROWS_FILE, rowsOf } from './rows.ts';
import type { Shard } from './shard.ts';
import { finishPart, planPart } from './writePart.ts';

/** What the results of a test depend on beside its images and weights. */
interface TestSettings {
  readonly config: RunConfig;
  readonly alignments: readonly Alignment[];
  readonly classes: readonly string[];
  readonly aupro: readonly AuproDefinition[];
  readonly maskRule?: TestOptions['maskRule'];
  readonly notes?: Dataset['notes'];
}

export interface TestPartOptions extends TestOptions {
  /** Folder for the folders of all parts. */
  readonly parts: string;
  readonly shard: Shard;
  readonly version: string;
}

/** Scores a part of the test images, without the clock. A part that is finished already stays as it is. */
export async function testPart(options: TestPartOptions): Promise<{ manifest: Manifest; folder: string }> {
  if (options.perClass) {
    throw new ConfigError('--per-class cannot be cut into parts', {
      fix: 'test the runs of the classes one by one, or without --shard',
    });
  }
  const { config, dataset } = await planTest(options);
  const alignments = alignmentsOf(config);
  const settings: TestSettings = {
    config,
    alignments,
    classes: dataset.classes,
    aupro: options.aupro ?? [],
    maskRule: options.maskRule,
    notes: dataset.notes,
  };
  const plan = await planPart(options.parts, options.shard, dataset.test.map(inputOf), {
    kind: 'test',
    version: options.version,
    weights: await sha256Of(runFiles(options.run).weights),
    settings: { ...settings },
  });
  if (plan.done) return { manifest: plan.done, folder: plan.folder };
  const scorer = await openScorer(options.run, config, { gpu: options.gpu, alignments });
  try {
    const samples = plan.places.map((place) => dataset.test[place]!);
    const { rows, tally } = await scoreSamples(scorer, config, samples, dataset, {
      ...options,
      times: false,
    });
    await writeCounts(join(plan.folder, COUNTS_FILE), tally);
    await atomicFile(join(plan.folder, ROWS_FILE), async (write) => {
      for (const row of rows) await write(`${JSON.stringify(row)}\n`);
    });
    const manifest = await finishPart(plan, {
      adapter: scorer.adapter,
      batch: scorer.batch,
      skipped: 0,
      names: [ROWS_FILE, COUNTS_FILE],
    });
    return { manifest, folder: plan.folder };
  } finally {
    scorer.close();
  }
}

const inputOf = ({ id, path, maskPath }: Sample) => ({ name: id, path, mask: maskPath });

/** Results of the whole of proven parts, as one `test --no-times` has them; written into the folder `out`. */
export async function mergeTest(
  parts: Parts,
  out: string,
  onResults?: (results: Results) => void,
): Promise<Results> {
  const settings = parts.whole.settings as unknown as TestSettings;
  const { config, alignments, classes, aupro, maskRule, notes } = settings;
  const tally = tallyFor(alignments, { classes }, config, aupro);
  for (const { folder } of parts.parts) await joinCounts(join(folder, COUNTS_FILE), tally);
  const rows: TestRow[] = [];
  for await (const line of rowsOf(parts)) rows.push(JSON.parse(line) as TestRow);
  const { adapter } = parts;
  const dataset = { classes, notes };
  const results = resultsFrom({ config, dataset, rows, tally, adapter, alignments, maskRule });
  onResults?.(results);
  await writeTest(runFiles(out), results, rows, alignments);
  return results;
}
