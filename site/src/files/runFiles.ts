/** Files of a run, called as in a run folder. */
export const RUN_FILES = {
  config: 'config.json',
  log: 'log.jsonl',
  checkpoint: 'checkpoint.safetensors',
  memory: 'memory.safetensors',
  coreset: 'coreset.safetensors',
  weights: 'weights.safetensors',
} as const;

/** The folder of all trainings in the browser's storage. */
export const TRAININGS = 'trainings';
