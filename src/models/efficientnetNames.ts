import { EFFICIENTNETS, type EfficientNetConfig } from './efficientnet.ts';

/** Whose names a file's tensors have (weights.md 3.1). */
export type EfficientNetNaming = 'torchvision' | 'efficientnet-pytorch' | 'timm';

/** What each naming calls a block's parts; torchvision's place follows, in a block that expands. */
const EN_PARTS: readonly (readonly [string, string])[] = [
  ['_expand_conv', '0.0'],
  ['_bn0', '0.1'],
  ['_depthwise_conv', '1.0'],
  ['_bn1', '1.1'],
  ['_se_reduce', '2.fc1'],
  ['_se_expand', '2.fc2'],
  ['_project_conv', '3.0'],
  ['_bn2', '3.1'],
];
const TIMM_PARTS: readonly (readonly [string, string])[] = [
  ['conv_pw', '0.0'],
  ['bn1', '0.1'],
  ['conv_dw', '1.0'],
  ['bn2', '1.1'],
  ['se.conv_reduce', '2.fc1'],
  ['se.conv_expand', '2.fc2'],
  ['conv_pwl', '3.0'],
  ['bn3', '3.1'],
];
/** timm's names in stage 0, whose blocks do not expand: `conv_pw`, `bn1` and `bn2` mean other parts there. */
const TIMM_FIRST: readonly (readonly [string, string])[] = [
  ['conv_dw', '0.0'],
  ['bn1', '0.1'],
  ['se.conv_reduce', '1.fc1'],
  ['se.conv_expand', '1.fc2'],
  ['conv_pw', '2.0'],
  ['bn2', '2.1'],
];
/** The same for EfficientNet-PyTorch. */
const EN_FIRST: readonly (readonly [string, string])[] = [
  ['_depthwise_conv', '0.0'],
  ['_bn1', '0.1'],
  ['_se_reduce', '1.fc1'],
  ['_se_expand', '1.fc2'],
  ['_project_conv', '2.0'],
  ['_bn2', '2.1'],
];

/** First block of each stage in EfficientNet-PyTorch's counting over all stages. */
const FIRST_BLOCKS = [0, 2, 6, 10, 16, 22, 30];

export function namingOf(names: Iterable<string>): EfficientNetNaming | null {
  for (const name of names) {
    if (name === 'features.0.0.weight') return 'torchvision';
    if (name === '_conv_stem.weight') return 'efficientnet-pytorch';
    if (name === 'conv_stem.weight') return 'timm';
  }
  return null;
}

/** torchvision's name for a tensor, or null for one past stage 4 and for counters. */
export function torchvisionName(name: string, naming: EfficientNetNaming): string | null {
  if (name.endsWith('num_batches_tracked')) return null;
  if (naming === 'torchvision') return /^features\.[0-5]\./.test(name) ? name : null;
  const { stem, stemNorm, parts, first } = SCHEMES[naming];
  if (name === `${stem}.weight`) return 'features.0.0.weight';
  if (name.startsWith(`${stemNorm}.`)) return `features.0.1.${name.slice(stemNorm.length + 1)}`;
  const place = placeOf(name, naming);
  if (!place || place.stage > 4) return null;
  const table = place.stage === 0 ? first : parts;
  const found = table.find(([own]) => place.rest.startsWith(`${own}.`));
  if (!found) return null;
  return `features.${place.stage + 1}.${place.block}.block.${found[1]}${place.rest.slice(found[0].length)}`;
}

const SCHEMES = {
  'efficientnet-pytorch': { stem: '_conv_stem', stemNorm: '_bn0', parts: EN_PARTS, first: EN_FIRST },
  timm: { stem: 'conv_stem', stemNorm: 'bn1', parts: TIMM_PARTS, first: TIMM_FIRST },
} as const;

function placeOf(
  name: string,
  naming: Exclude<EfficientNetNaming, 'torchvision'>,
): { stage: number; block: number; rest: string } | null {
  if (naming === 'timm') {
    const found = /^blocks\.(\d+)\.(\d+)\.(.+)$/.exec(name);
    return found && { stage: Number(found[1]), block: Number(found[2]), rest: found[3]! };
  }
  const found = /^_blocks\.(\d+)\.(.+)$/.exec(name);
  if (!found) return null;
  const index = Number(found[1]);
  const stage = FIRST_BLOCKS.findLastIndex((first) => first <= index);
  return { stage, block: index - FIRST_BLOCKS[stage]!, rest: found[2]! };
}

/**
 * The arithmetic that weights were trained for, from a file's metadata or its names. Null if neither tells: timm uses
 * the same names for both lineages.
 */
export function lineageOf(
  naming: EfficientNetNaming,
  metadata: ReadonlyMap<string, string>,
): EfficientNetConfig | null {
  const padding = metadata.get('padding');
  const said = Object.values(EFFICIENTNETS).find((config) => config.padding === padding);
  if (said) return said;
  if (naming === 'torchvision') return EFFICIENTNETS.efficientnet_b4;
  return naming === 'efficientnet-pytorch' ? EFFICIENTNETS.efficientnet_b4_same380 : null;
}
