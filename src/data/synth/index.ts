export { SYNTH_CLASSES } from './classes.ts';
export { synthesizeImage } from './sample.ts';
export { DEFECTS, type Defect } from './scene.ts';
export { type SynthesizeOptions, type SynthesizeResult, synthesize } from './synthesize.ts';
