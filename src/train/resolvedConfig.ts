import { DETECTORS, detectorIn } from '../methods/detectors.ts';
import { HEAD_DEFAULTS } from '../models/regressor.ts';
import { alignLrOf, type Choices, optimiserOf } from './choices.ts';
import type { RunConfig } from './config.ts';

/**
 * The same run with every choice written out that was left to its default: what `config.json` holds, so that it stays
 * true when a default changes. What a method does not have stays absent.
 */
export function resolvedConfig(config: RunConfig): RunConfig {
  // Files may name anything; what is wrong with them is said where they are checked.
  if (!Object.hasOwn(DETECTORS, config.method)) return config;
  const { defaults, memory } = detectorIn(config);
  return {
    ...config,
    resize: config.resize ?? config.size,
    resample: config.resample ?? 'pil',
    encoderLr: config.encoderLr ?? defaults.encoderLr,
    encoderNorm: config.encoderNorm ?? defaults.encoderNorm,
    coresetFraction: config.coresetFraction ?? (memory?.kind === 'coreset' ? memory.fraction : undefined),
    precision: config.precision ?? 'f32',
    alignHead: config.alignHead ?? HEAD_DEFAULTS.structure,
    alignDropout: config.alignDropout ?? HEAD_DEFAULTS.dropout,
    alignKernel: config.alignKernel ?? HEAD_DEFAULTS.kernel,
    ...resolvedChoices(config),
  };
}

function resolvedChoices(config: RunConfig): Choices {
  const optimiser = optimiserOf(config);
  return {
    ...(optimiser.kind === 'adamw' && { adamEps: optimiser.eps, amsgrad: optimiser.amsgrad }),
    lrSchedule: config.lrSchedule ?? 'method',
    alignLr: alignLrOf(config),
    alignAlpha: config.alignAlpha ?? detectorIn(config).defaults.alignAlpha,
    alignBase: config.alignBase ?? 'evaluation',
    calibration: config.calibration ?? 'before',
    classTable: config.classTable ?? 'maximum',
  };
}
