import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readRunConfig, runFiles } from './folder.ts';
import type { RunConfig } from './settings.ts';

/** A model of one class by itself (class-separated), a run of its own below the run of all classes. */
export interface ClassRun {
  readonly className: string;
  readonly folder: string;
  readonly config: RunConfig;
}

/** Folder and configuration of each class's own model: as for all classes, but on that class's images only. */
export const plannedClassRuns = (run: string, config: RunConfig, classes: readonly string[]): ClassRun[] =>
  classes.map((className, i) => ({
    className,
    // Class names may hold any characters; the number keeps folder names distinct after replacing them.
    folder: join(
      run,
      'classes',
      `${String(i).padStart(3, '0')}-${className.replaceAll(/[^A-Za-z0-9_-]+/g, '_').slice(0, 60)}`,
    ),
    config: { ...config, classes: [className] },
  }));

/** Finished per-class models below a run: class name to folder. */
export async function classRuns(run: string): Promise<Map<string, string>> {
  const top = join(run, 'classes');
  const found = new Map<string, string>();
  for (const name of (await readdir(top).catch(() => [])).sort()) {
    const folder = join(top, name);
    const config = await readRunConfig(folder).catch(() => null);
    const [className] = config?.classes ?? [];
    if (config && className !== undefined && (await isFinished(folder))) found.set(className, folder);
  }
  return found;
}

const isFinished = (run: string): Promise<boolean> =>
  stat(runFiles(run).weights).then(
    (found) => found.isFile(),
    () => false,
  );
