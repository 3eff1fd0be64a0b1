import type { CommandSet } from '../verb.ts';
import { benchVerb } from './bench.ts';
import { dataVerb } from './data.ts';
import { demoVerb } from './demo.ts';
import { doctorVerb } from './doctor.ts';
import { exportVerb } from './export.ts';
import { featuresVerb } from './features.ts';
import { kernelsVerb } from './kernels.ts';
import { mergeVerb } from './merge.ts';
import { predictVerb } from './predict.ts';
import { profileVerb } from './profile.ts';
import { reportVerb } from './report.ts';
import { reproduceVerb } from './reproduce.ts';
import { serveVerb } from './serve.ts';
import { siteVerb } from './site.ts';
import { testVerb } from './test.ts';
import { thresholdVerb } from './threshold.ts';
import { trainVerb } from './train.ts';
import { tuneVerb } from './tune.ts';
import { weightsVerb } from './weights.ts';

export const WGAD: CommandSet = {
  name: 'wgad',
  description: 'One model for many kinds of objects: learns from normal images, flags and locates defects.',
  example: 'wgad demo',
  verbs: [
    doctorVerb,
    dataVerb,
    trainVerb,
    testVerb,
    thresholdVerb,
    predictVerb,
    featuresVerb,
    mergeVerb,
    serveVerb,
    reportVerb,
    reproduceVerb,
    exportVerb,
    siteVerb,
    weightsVerb,
    demoVerb,
    benchVerb,
    profileVerb,
    tuneVerb,
    kernelsVerb,
  ],
};
