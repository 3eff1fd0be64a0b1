/** Public functions that compute nothing of values, and what they do. */
export const NOT_OPS: Readonly<Record<string, readonly string[]>> = {
  'run others': ['Engine', 'listAdapters'],
  'build graphs and plans': ['buildPlan', 'constant', 'grad', 'input', 'valueAndGrad', 'withVjp'],
  print: ['printGraph', 'printKernel', 'printPlan'],
  'read and write a file': ['parseSafetensors', 'toSafetensors'],
  'say the learning rate of a step': ['cosineRate', 'oneCycleRate', 'stepRate', 'warmUp'],
  'draw and fill on the host': [
    ...['initialize', 'kaimingNormalFanOut', 'normal', 'ones', 'pytorchDefault', 'uniform', 'xavierUniform'],
    'zeros',
  ],
  'list and name parameters': ['bindNetwork', 'declare', 'layersOf', 'splitState', 'networkLayout', 'within'],
  'update state (test/runtime)': ['adam', 'adamw', 'lion', 'optimiserStep', 'settingsAt', 'sgd'],
};

export const isNoOp = (name: string): boolean => Object.values(NOT_OPS).flat().includes(name);
