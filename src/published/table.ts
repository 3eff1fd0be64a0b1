import { ConfigError } from '../errors.ts';

/** A weight file that its authors publish. */
export interface Published {
  /** What `weights fetch` and `--weights` call it. */
  readonly name: string;
  /** The --encoder it is for. */
  readonly encoder: string;
  /** The digits before the extension are the first of its SHA-256. */
  readonly file: string;
  /** Where its authors keep it, without the file's name. */
  readonly base: string;
  /** All 64 digits of it, where its publisher gives them: torchvision, EfficientNet-PyTorch and timm give the first 8. */
  readonly sha256?: string;
  /** Published size; the last digit is rounded. */
  readonly mebibytes: number;
  /** What its users should know: where it comes from. */
  readonly note: string;
  /** Padding of a network whose tensor names do not tell it. */
  readonly padding?: 'same' | 'symmetric';
}

const TORCHVISION = 'https://download.pytorch.org/models';
const EFFICIENTNET_PYTORCH = 'https://github.com/lukemelas/EfficientNet-PyTorch/releases/download/1.0';
const TIMM = 'https://github.com/huggingface/pytorch-image-models/releases/download/v0.1-weights';

const torchvision = (
  name: string,
  encoder: string,
  file: string,
  mebibytes: number,
  note: string,
): Published => ({ name, encoder, file, base: TORCHVISION, mebibytes, note });

/** timm's file for the encoder of the same name. @param bytes as its model index says. */
const timm = (
  name: string,
  file: string,
  bytes: number,
  padding: NonNullable<Published['padding']>,
  note: string,
  encoder = name,
): Published => ({ name, encoder, file, base: TIMM, mebibytes: bytes / 2 ** 20, padding, note });

/** timm's conversions of TensorFlow's EfficientNet-Lite0 to 4: SHA-256's first digits, bytes. */
const LITES = [
  ['0aa007d2', 18_820_223],
  ['bde8b488', 21_939_331],
  ['dcccb7df', 24_658_687],
  ['b733e338', 33_161_413],
  ['741542c3', 52_558_819],
] as const;

/** Sizes and names: the publishers' own lists (weights.md section 1; torchvision's and timm's model indexes). */
export const PUBLISHED: readonly Published[] = [
  torchvision('resnet18', 'resnet18', 'resnet18-f37072fd.pth', 44.661, 'torchvision, V1'),
  torchvision('resnet34', 'resnet34', 'resnet34-b627a593.pth', 83.275, 'torchvision, V1'),
  torchvision('resnet50', 'resnet50', 'resnet50-0676ba61.pth', 97.781, 'torchvision, V1'),
  torchvision(
    'resnet50_v2',
    'resnet50',
    'resnet50-11ad3fa6.pth',
    97.79,
    'torchvision, V2: another training, other features',
  ),
  torchvision(
    'wide_resnet50_2',
    'wide_resnet50_2',
    'wide_resnet50_2-95faca4d.pth',
    131.82,
    "torchvision, V1: the paper's",
  ),
  torchvision(
    'wide_resnet50_2_v2',
    'wide_resnet50_2',
    'wide_resnet50_2-9ba9bcbe.pth',
    263.124,
    'torchvision, V2: another training, other features',
  ),
  {
    name: 'efficientnet_b4',
    encoder: 'efficientnet_b4',
    file: 'efficientnet-b4-6ed6700e.pth',
    base: EFFICIENTNET_PYTORCH,
    mebibytes: 74.4,
    note: "EfficientNet-PyTorch: UniAD's",
  },
  torchvision(
    'efficientnet_b4_rwightman',
    'efficientnet_b4',
    'efficientnet_b4_rwightman-7eb33cd5.pth',
    74.489,
    'torchvision, V1: other weights, symmetric padding',
  ),
  {
    name: 'tf_efficientnet_b4',
    encoder: 'efficientnet_b4',
    file: 'tf_efficientnet_b4_aa-818f208c.pth',
    base: TIMM,
    mebibytes: 74.4,
    note: 'timm: the origin of efficientnet_b4, padded by the actual size',
    padding: 'same',
  },
  torchvision(
    'efficientnet_b0',
    'efficientnet_b0',
    'efficientnet_b0_rwightman-7f5810bc.pth',
    20.451,
    'torchvision, V1',
  ),
  timm(
    'efficientnet_b0_ra',
    'efficientnet_b0_ra-3dd342df.pth',
    21_376_743,
    'symmetric',
    'timm',
    'efficientnet_b0',
  ),
  {
    name: 'tf_efficientnet_b0',
    encoder: 'tf_efficientnet_b0',
    file: 'efficientnet-b0-355c32eb.pth',
    base: EFFICIENTNET_PYTORCH,
    mebibytes: 20.4,
    note: 'EfficientNet-PyTorch',
  },
  ...LITES.map(([digits, bytes], i) =>
    timm(
      `tf_efficientnet_lite${i}`,
      `tf_efficientnet_lite${i}-${digits}.pth`,
      bytes,
      'same',
      'timm: small and fast, no squeezing',
    ),
  ),
  torchvision(
    'mobilenet_v3_large',
    'mobilenet_v3_large',
    'mobilenet_v3_large-8738ca79.pth',
    21.114,
    'torchvision, V1',
  ),
  torchvision(
    'mobilenet_v3_large_v2',
    'mobilenet_v3_large',
    'mobilenet_v3_large-5c1a4163.pth',
    21.107,
    'torchvision, V2: another training, other features',
  ),
  timm('mobilenetv3_large_100', 'mobilenetv3_large_100_ra-f55367f5.pth', 22_076_443, 'symmetric', 'timm'),
  timm(
    'tf_mobilenetv3_large_100',
    'tf_mobilenetv3_large_100-427764d5.pth',
    22_076_649,
    'same',
    'timm: from TensorFlow',
  ),
];

export const publishedNamed = (name: string): Published | undefined =>
  PUBLISHED.find((each) => each.name === name);

/** The published file of this name, as `torch.hub`, browsers and `weights fetch` save it. */
export const publishedAs = (file: string): Published | undefined =>
  PUBLISHED.find((each) => each.file === file);

/** The first digits of the SHA-256 that stand in a file's name. */
export function checksumIn(file: string): string {
  const found = /-([0-9a-f]{8})\.\w+$/.exec(file);
  if (!found) throw new ConfigError(`${file}: has no checksum in its name, expected name-01234567.pth`);
  return found[1]!;
}
