import { ConfigError, FileError } from '../../../src/errors.ts';
import { fields, number, requireExpected, tableOf } from '../../../src/formats/expectation.ts';
import { openSafetensors } from '../../../src/formats/readSafetensors.ts';
import { checkConfig } from '../../../src/run/config.ts';
import type { RunConfig } from '../../../src/run/settings.ts';
import { servedAlignment } from '../../../src/score/storedThreshold.ts';
import { type WebRun, webRunIn } from '../../../src/score/webRun.ts';
import { allTensors, type TensorSource } from '../../../src/weights/tensorSource.ts';
import { blobSource } from '../files/blobSource.ts';
import { hashesOf } from '../files/storedRun.ts';
import type { DetectorFiles } from './messages.ts';

/** A detector's files, read and checked. */
export interface OpenDetector extends WebRun {
  readonly source: TensorSource;
}

/** @throws WgadError saying which of the files is wrong. */
export async function openDetector({ name, weights, config, results }: DetectorFiles): Promise<OpenDetector> {
  const blob = blobSource(weights, name);
  const file = await openSafetensors(blob);
  const source = allTensors({ ...file, path: name, close: () => blob.close() });
  if (!config) {
    const web = webRunIn(name, file.metadata);
    if (web) return { source, ...web };
    throw new FileError(`${name}: holds weights, but not how images are judged by them`, {
      fix: 'open the whole run folder, or the file that wgad export RUN --web FILE writes',
    });
  }
  const path = `${name}/config.json`;
  const own = (await jsonOf(config, path)) as RunConfig;
  checkConfig(own);
  if (file.metadata.has('configHash') && !(await areOf(file.metadata, own))) {
    throw new ConfigError(`${path}: is not the configuration that the weights beside it were trained with`, {
      fix: 'put back the file that was written with these weights',
    });
  }
  const tested = results && ((await jsonOf(results, `${name}/results.json`)) as { mapScale?: unknown });
  const scales = tested?.mapScale ?? {};
  requireExpected(`${name}/results.json`, scales, SCALES, {
    at: 'mapScale',
    fix: 'it was edited: run `wgad test` on this run again',
  });
  const scale = (scales as Record<string, NonNullable<WebRun['scale']>>)[servedAlignment(own)] ?? null;
  return { source, config: own, scale };
}

const SCALES = tableOf(fields({ low: number, high: number }));

async function jsonOf(blob: Blob, path: string): Promise<object> {
  const text = await blob.text();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new FileError(`${path}: is not JSON: ${(cause as Error).message}`, { where: path, cause });
  }
  requireExpected(path, value, fields({}), { at: 'it', fix: 'put the original back' });
  return value as object;
}

/** As `readFinishedRun` checks it. */
async function areOf(metadata: ReadonlyMap<string, string>, config: RunConfig): Promise<boolean> {
  const { accepted, placeless } = await hashesOf(config);
  return accepted.includes(metadata.get('configHash') ?? '') || metadata.get('placelessHash') === placeless;
}
