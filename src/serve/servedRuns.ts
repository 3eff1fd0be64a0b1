import { basename, resolve } from 'node:path';
import { ConfigError } from '../errors.ts';
import { openVersion, type Version, type VersionOptions } from './version.ts';

/** A run and the name under which requests ask for it. */
export interface NamedRun {
  readonly name: string;
  readonly folder: string;
}

/**
 * `NAME=FOLDER`, or a folder, whose own name it is then.
 * @throws ConfigError where two have one name, or a name has other characters than letters, digits, `.`, `_` and `-`.
 */
export function namedRuns(texts: readonly string[]): NamedRun[] {
  const runs = texts.map((text) => {
    const [, name, folder] = /^([\w.-]+)=(.+)$/.exec(text) ?? [];
    return folder === undefined ? { name: basename(resolve(text)), folder: text } : { name: name!, folder };
  });
  for (const { name, folder } of runs) {
    if (!/^[\w.-]+$/.test(name)) {
      throw new ConfigError(`${folder}: its name cannot be that of a run in a request: ${name}`, {
        fix: `give it one: NAME=${folder}`,
      });
    }
    const same = runs.filter((each) => each.name === name);
    if (same.length > 1) {
      throw new ConfigError(`two runs are called ${name}: ${same.map((each) => each.folder).join(', ')}`, {
        fix: `name them apart: NAME=${folder}`,
      });
    }
  }
  return runs;
}

/** Runs that are served, each on a device of its own. */
export interface ServedRuns {
  readonly names: readonly string[];
  /** Null until it is open. */
  get(name: string): Version | null;
  /** Whether all are open, with their devices. */
  readonly ready: boolean;
  /** Opens all. @throws the first error: nothing can be served then. */
  open(): Promise<void>;
  /**
   * Opens each run as it lies in its folder now, and lets go of what was served before once its last request is answered. One
   * that cannot be opened stays as it was.
   */
  reload(): Promise<void>;
  close(): Promise<void>;
}

/** @param onReload told of each run that was read again, or why it could not be. */
export function servedRuns(
  runs: readonly NamedRun[],
  optionsFor: (name: string) => VersionOptions,
  onReload: (name: string, outcome: Version | Error) => void,
): ServedRuns {
  const versions = new Map<string, Version>();
  const closing = new Set<Promise<void>>();
  let closed = false;
  // One after the other: a signal may come while another is still worked on.
  let turn: Promise<void> = Promise.resolve();
  const retire = (version: Version): void => {
    const closed = version.close();
    closing.add(closed);
    const forget = (): boolean => closing.delete(closed);
    closed.then(forget, forget);
  };
  /** Serves it from now on in place of the one before. */
  const take = (name: string, fresh: Version): void => {
    const before = closed ? fresh : versions.get(name);
    if (!closed) versions.set(name, fresh);
    if (before) retire(before);
  };
  const reloadAll = async (): Promise<void> => {
    for (const { name, folder } of runs) {
      try {
        const fresh = await openVersion(folder, optionsFor(name));
        take(name, fresh);
        onReload(name, fresh);
      } catch (error) {
        onReload(name, error as Error);
      }
    }
  };
  return {
    names: runs.map(({ name }) => name),
    get: (name) => versions.get(name) ?? null,
    get ready() {
      return runs.every(({ name }) => versions.get(name)?.alive);
    },
    async open() {
      for (const { name, folder } of runs) {
        if (!closed) take(name, await openVersion(folder, optionsFor(name)));
      }
    },
    reload() {
      turn = turn.then(reloadAll);
      return turn;
    },
    async close() {
      closed = true;
      await turn;
      for (const version of versions.values()) retire(version);
      versions.clear();
      await Promise.all(closing);
    },
  };
}
