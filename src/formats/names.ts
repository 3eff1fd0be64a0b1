/** Characters of a tensor's name, at most: PyTorch's longest are a few hundred. */
export const MAX_NAME = 1000;
/** Tensors of a file, at most. */
export const MAX_TENSORS = 50_000;
