import { type BlockPart, blockName, type InvertedNetwork, partsOf } from './invertedResiduals.ts';

/** Whose names a file's tensors have (weights.md 3.1). EfficientNet-PyTorch's are also those of efficientnet-lite-pytorch. */
export type EfficientNetNaming = 'torchvision' | 'efficientnet-pytorch' | 'timm';

type OtherNaming = Exclude<EfficientNetNaming, 'torchvision'>;

interface Scheme {
  readonly stem: string;
  readonly stemNorm: string;
  /** What it calls the two halves of each part: the convolution and the norm, or the two layers of `squeeze`. */
  readonly parts: Readonly<Record<BlockPart, readonly [string, string]>>;
  /** The same in blocks that do not expand. */
  readonly unexpanded: Scheme['parts'];
}

const EN_PARTS = {
  expand: ['_expand_conv', '_bn0'],
  depthwise: ['_depthwise_conv', '_bn1'],
  squeeze: ['_se_reduce', '_se_expand'],
  project: ['_project_conv', '_bn2'],
} as const;
const TIMM_PARTS = {
  expand: ['conv_pw', 'bn1'],
  depthwise: ['conv_dw', 'bn2'],
  squeeze: ['se.conv_reduce', 'se.conv_expand'],
  project: ['conv_pwl', 'bn3'],
} as const;

const SCHEMES: Readonly<Record<OtherNaming, Scheme>> = {
  'efficientnet-pytorch': {
    stem: '_conv_stem',
    stemNorm: '_bn0',
    parts: EN_PARTS,
    unexpanded: EN_PARTS,
  },
  timm: {
    stem: 'conv_stem',
    stemNorm: 'bn1',
    parts: TIMM_PARTS,
    // `conv_pw`, `bn1` and `bn2` mean other parts there.
    unexpanded: { ...TIMM_PARTS, depthwise: ['conv_dw', 'bn1'], project: ['conv_pw', 'bn2'] },
  },
};

export function namingOf(names: Iterable<string>): EfficientNetNaming | null {
  for (const name of names) {
    if (name === 'features.0.0.weight') return 'torchvision';
    if (name === '_conv_stem.weight') return 'efficientnet-pytorch';
    if (name === 'conv_stem.weight') return 'timm';
  }
  return null;
}

/**
 * torchvision's name for a tensor of a network, or null for one past the last stage that is read and for counters. A
 * tensor that the network lacks keeps its name: it then does not fit.
 */
export function torchvisionName(
  name: string,
  naming: EfficientNetNaming,
  network: InvertedNetwork,
): string | null {
  if (name.endsWith('num_batches_tracked')) return null;
  if (naming === 'torchvision') return isRead(name, network) ? name : null;
  const { stem, stemNorm, parts, unexpanded } = SCHEMES[naming];
  if (name === `${stem}.weight`) return 'features.0.0.weight';
  if (name.startsWith(`${stemNorm}.`)) return `features.0.1.${name.slice(stemNorm.length + 1)}`;
  const place = placeOf(name, naming, network);
  if (!place) return null;
  const { stage, index, rest } = place;
  const block = network.stages[stage]![index];
  if (!block) return name;
  const own = partsOf(block, channelsInto(network, stage, index));
  const table = own.includes('expand') ? parts : unexpanded;
  for (const [i, part] of own.entries()) {
    for (const [half, called] of table[part].entries()) {
      if (!rest.startsWith(`${called}.`)) continue;
      const ownHalf = part === 'squeeze' ? `fc${half + 1}` : half;
      return `features.${blockName(network, stage, index)}.block.${i}.${ownHalf}${rest.slice(called.length)}`;
    }
  }
  return name;
}

/** Whether one of torchvision's names is of a stage that is read. */
function isRead(name: string, { stages, counted }: InvertedNetwork): boolean {
  const number = Number(/^features\.(\d+)\./.exec(name)?.[1] ?? Number.NaN);
  return number <= (counted === 'by stage' ? stages.length : stages.flat().length);
}

function channelsInto({ stem, stages }: InvertedNetwork, stage: number, index: number): number {
  const before = [...stages.slice(0, stage).flat(), ...stages[stage]!.slice(0, index)];
  return before.at(-1)?.out ?? stem;
}

/** The block that a name stands in; null past the last stage that is read, and outside of blocks. */
function placeOf(
  name: string,
  naming: OtherNaming,
  { stages }: InvertedNetwork,
): { stage: number; index: number; rest: string } | null {
  if (naming === 'timm') {
    const found = /^blocks\.(\d+)\.(\d+)\.(.+)$/.exec(name);
    if (!found || Number(found[1]) >= stages.length) return null;
    return { stage: Number(found[1]), index: Number(found[2]), rest: found[3]! };
  }
  const found = /^_blocks\.(\d+)\.(.+)$/.exec(name);
  if (!found) return null;
  // Counted through all stages.
  let index = Number(found[1]);
  for (const [stage, blocks] of stages.entries()) {
    if (index < blocks.length) return { stage, index, rest: found[2]! };
    index -= blocks.length;
  }
  return null;
}
