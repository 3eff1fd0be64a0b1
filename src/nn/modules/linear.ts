import { requireCount, requireFlag } from '../../arguments.ts';
import { ShapeError } from '../../errors.ts';
import { floatOperand } from '../../graph/operands.ts';
import type { Value } from '../../graph/value.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../../options.ts';
import { pytorchDefault, uniformFanIn } from '../init.ts';
import { type Layers, within } from '../layers.ts';
import { linear as product } from '../linear.ts';
import type { Initializer } from '../parameterSpec.ts';

/** What a layer with a weight and a bias starts from. */
export interface WeightOptions {
  /** Whether there is a bias; default true. */
  bias?: boolean;
  /** Fills a new weight; default as in PyTorch: uniform in +-1/sqrt(fan in). */
  weightInit?: Initializer;
  /** Fills a new bias; default the same, by the weight's fan in. */
  biasInit?: Initializer;
}

export const WEIGHT_OPTIONS: OptionNames<WeightOptions> = { bias: true, weightInit: true, biasInit: true };

/** x [..., in] -> [..., out]. Tensors `weight` [out, in] and `bias` [out] under `name`, as torch.nn.Linear has them. */
export function linear(
  layers: Layers,
  name: string,
  x: Value,
  out: number,
  options: WeightOptions = {},
  ...extra: never[]
): Value {
  refuseExtra('linear', extra);
  const { shape } = floatOperand('linear', 'x', x);
  requireCount('linear', 'out', out, 1);
  requireOptions('linear', options, WEIGHT_OPTIONS);
  const { bias = true, weightInit = pytorchDefault } = options;
  requireFlag('linear', 'bias', bias);
  const features = shape.at(-1);
  if (!features) throw new ShapeError('linear: x expects [..., in], with an in of at least 1');
  const { biasInit = uniformFanIn(features) } = options;
  return within(layers, name, (inner) => {
    const weight = inner.parameter('weight', [out, features], weightInit);
    return bias ? product(x, weight, inner.parameter('bias', [out], biasInit)) : product(x, weight);
  });
}
