export { SYNTH_CLASSES } from './classes.js';
export { synthesizeImage } from './sample.js';
export { DEFECTS } from './scene.js';
export { synthesize } from './synthesize.js';
//# sourceMappingURL=index.js.map