export { SYNTH_CLASSES } from './classes.ts';
export { type SynthImage, synthesizeImage } from './sample.ts';
export { DEFECTS, type Defect, type SceneClass } from './scene.ts';
export { type SynthesizeOptions, type SynthesizeResult, synthesize } from './synthesize.ts';
