import { rm } from 'node:fs/promises';
import { ConfigError } from '../errors.ts';
import { makeFolder } from '../formats/regularFile.ts';
import { differences } from '../run/configHash.ts';
import { isTrained } from '../run/finished.ts';
import { readRunConfig, runFiles } from '../run/folder.ts';
import type { RunConfig } from '../run/settings.ts';
import { type Results, readResults } from '../score/testRun.ts';
import type { Cell, Job, Planned } from './cells.ts';

/** How runs are trained and tested; the plan only says which. */
export interface Workers {
  /** Resumes what was begun. False where an interrupt stopped it. */
  train(folder: string, config: RunConfig): Promise<boolean>;
  /** Writes results.json and scores.csv into `out`. May throw where an interrupt stopped it. */
  test(
    folder: string,
    options: { data: string; scoreFraction: number | null; out: string },
  ): Promise<Results>;
  readonly signal: AbortSignal;
  say(text: string): void;
}

/**
 * Trains and tests what is missing of a plan. Interrupted training is resumed; an unfinished test is repeated.
 * @returns each cell's results; null where an interrupt stopped it.
 * @throws ConfigError, before anything is done, listing the folders that hold runs with other settings.
 */
export async function runCells(
  plan: readonly Planned[],
  workers: Workers,
): Promise<Map<Cell, Results> | null> {
  const cells = [...new Set(plan.flatMap((each) => each.cells))];
  await refuseOthers([...new Set(cells.flatMap(({ job }) => [job, ...(job.from ? [job.from] : [])]))]);
  const done = new Map<Cell, Results>();
  const trained = new Set<Job>();
  const train = async (job: Job): Promise<boolean> => {
    if (trained.has(job)) return true;
    if (!(await isTrained(job.folder, job.config))) {
      if (job.from && !(await train(job.from))) return false;
      if (workers.signal.aborted || !(await workers.train(job.folder, job.config))) return false;
    }
    // A finished run is never resumed, and its checkpoint is larger than all else in its folder.
    await rm(runFiles(job.folder).checkpoint, { force: true });
    trained.add(job);
    return true;
  };
  for (const [i, cell] of cells.entries()) {
    const results = await finishedResults(cell);
    if (results) {
      done.set(cell, results);
      continue;
    }
    workers.say(`cell ${i + 1} of ${cells.length}: ${cell.folder}`);
    if (!(await train(cell.job))) return null;
    try {
      await makeFolder(cell.folder);
      const { folder: out, scoreFraction, job } = cell;
      const { data } = job.config;
      done.set(cell, await workers.test(job.folder, { data, out, scoreFraction }));
    } catch (error) {
      if (workers.signal.aborted) return null;
      throw error;
    }
  }
  return done;
}

/** Results of an earlier call with the same settings. */
async function finishedResults({ folder, job, scoreFraction }: Cell): Promise<Results | null> {
  const results = await readResults(folder).catch(() => null);
  // A manual test may have overwritten it.
  const usual = results?.maskRule === undefined;
  const same = results && differences(results.config, { ...job.config, scoreFraction }).length === 0;
  return usual && same ? results : null;
}

async function refuseOthers(jobs: readonly Job[]): Promise<void> {
  const others: string[] = [];
  for (const { folder, config } of jobs) {
    const known = await readRunConfig(folder).catch(() => null);
    const [first, ...rest] = known ? differences(known, config) : [];
    if (first !== undefined) others.push(`${folder} (${first}${rest.length > 0 ? ', …' : ''})`);
  }
  if (others.length === 0) return;
  throw new ConfigError(`runs with other settings, or of another version, lie in ${others.join(', ')}`, {
    fix: 'give the settings they were begun with, choose another --out, or remove them',
  });
}
