import type { AddVerb, CommandSet } from '../verb.ts';

/** The verbs in the order of the help. A command loads its own alone: all of them take half a second. */
const VERBS: ReadonlyMap<string, () => Promise<AddVerb>> = new Map([
  ['doctor', async () => (await import('./doctor.ts')).doctorVerb],
  ['data', async () => (await import('./data.ts')).dataVerb],
  ['train', async () => (await import('./train.ts')).trainVerb],
  ['test', async () => (await import('./test.ts')).testVerb],
  ['threshold', async () => (await import('./threshold.ts')).thresholdVerb],
  ['predict', async () => (await import('./predict.ts')).predictVerb],
  ['features', async () => (await import('./features.ts')).featuresVerb],
  ['merge', async () => (await import('./merge.ts')).mergeVerb],
  ['serve', async () => (await import('./serve.ts')).serveVerb],
  ['report', async () => (await import('./report.ts')).reportVerb],
  ['reproduce', async () => (await import('./reproduce.ts')).reproduceVerb],
  ['export', async () => (await import('./export.ts')).exportVerb],
  ['site', async () => (await import('./site.ts')).siteVerb],
  ['weights', async () => (await import('./weights.ts')).weightsVerb],
  ['demo', async () => (await import('./demo.ts')).demoVerb],
  ['bench', async () => (await import('./bench.ts')).benchVerb],
  ['profile', async () => (await import('./profile.ts')).profileVerb],
  ['tune', async () => (await import('./tune.ts')).tuneVerb],
  ['kernels', async () => (await import('./kernels.ts')).kernelsVerb],
]);
/** Its arguments are a command of any verb. */
const AROUND_ANY = 'profile';

/** @param args what the command was called with: where they begin with a verb, it alone is loaded. Default: all verbs. */
export async function wgadCommands([first = '']: readonly string[] = []): Promise<CommandSet> {
  const isAlone = VERBS.has(first) && first !== AROUND_ANY;
  const names = isAlone ? [first] : [...VERBS.keys()];
  return {
    name: 'wgad',
    description: 'One model for many kinds of objects: learns from normal images, flags and locates defects.',
    example: 'wgad demo',
    verbs: await Promise.all(names.map((name) => VERBS.get(name)!())),
    ...(isAlone && { beside: () => wgadCommands() }),
  };
}
