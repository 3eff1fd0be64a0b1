/** Paths of masks of data sets, which are no images to judge or to learn from. */
export const MASK_NAMES = /(^|\/)(ground_truth|masks?)\/|_mask\.[^/]+$/i;
