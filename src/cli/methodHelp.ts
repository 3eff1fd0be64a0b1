/** What the methods have by default, in the words of the flags' help. */
import type { DetectorDefaults } from '../methods/detector.ts';
import { DETECTOR_NAMES, DETECTORS } from '../methods/detectors.ts';

/** The default as the methods have it, for the flag's help: once where all agree. */
export function ofMethod(pick: (defaults: DetectorDefaults) => number | string | undefined): string {
  const found = DETECTOR_NAMES.flatMap((name) => {
    const value = pick(DETECTORS[name].defaults);
    return value === undefined ? [] : [{ name, value }];
  });
  const same = found.length === DETECTOR_NAMES.length && new Set(found.map(({ value }) => value)).size === 1;
  if (same) return `(default: ${found[0]!.value})`;
  return `(default: ${found.map(({ name, value }) => `${value} with ${name}`).join(', ')})`;
}

/** For the flag's help: the methods that learn from drawn anomalies. */
export const withAnomalies = (): string =>
  DETECTOR_NAMES.filter((name) => DETECTORS[name].anomalies).join(', ');

/** For the flag's help: `uniad with uniad`. */
export function presets(): string {
  const found = DETECTOR_NAMES.flatMap((name) =>
    Object.keys(DETECTORS[name].presets ?? {}).map((preset) => `${preset} with ${name}`),
  );
  return found.join(', ');
}

/** Of the methods that keep some of the patches. */
export function ofMemories(): string {
  const found = DETECTOR_NAMES.flatMap((name) => {
    const { memory } = DETECTORS[name];
    return memory?.kind === 'coreset' ? [`${memory.fraction} with ${name}`] : [];
  });
  return `(default: ${found.join(', ')})`;
}
