import { WgadError } from '../errors.ts';
import { roundPercent } from '../formats/percent.ts';
import { refuseExtra } from '../options.ts';
import { type Decoded, type DecodeWork, maskMade } from './decodeWork.ts';
import { decoded } from './decoding.ts';
import type { DatasetProblem } from './findings.ts';
import { type MaskRule, requireRule } from './fit.ts';
import { type Frame, frameOf } from './frame.ts';
import type { Sample } from './layouts/layout.ts';
import { maskOfBoxes } from './maskPixels.ts';
import type { StopSignal } from './stopSignal.ts';

interface Size {
  readonly width: number;
  readonly height: number;
}

/** What is odd about a sample's mask. @param image its size; null where it is not known. */
export async function maskProblems(sample: Sample, image: Size | null): Promise<DatasetProblem[]> {
  return (await examine(sample, async () => image)).problems;
}

/**
 * A sample's mask at evaluation size, [size, size] of 0 and 1: all 0 for a normal image, null without a usable mask.
 * Returned with its oddities.
 * @param signal gives up large files; its reason is then thrown.
 */
export async function sampleMask(
  sample: Sample,
  frame: Frame,
  rule: MaskRule = 'any',
  signal?: StopSignal,
  ...extra: never[]
): Promise<{ mask: Uint8Array | null; problems: DatasetProblem[] }> {
  refuseExtra('sampleMask', extra);
  requireRule(rule);
  const whole = frameOf(frame);
  if (!sample.anomalous) return { mask: new Uint8Array(whole.size ** 2), problems: [] };
  const sizeOf = (): Promise<Size> => decoded({ what: 'size', path: sample.path });
  const { mask, problems } = await examine(sample, sizeOf, { frame: whole, rule }, signal);
  return { mask: mask?.fitted ?? null, problems };
}

/**
 * A sample's mask, or null where it has none that can be used, and what is to be said of it.
 * @param imageSizeOf null where it is not known. @param wanted what of the mask itself is needed.
 */
export async function examine(
  sample: Sample,
  imageSizeOf: () => Promise<Size | null>,
  wanted: Pick<DecodeWork<'mask'>, 'frame' | 'rule' | 'whole'> = {},
  signal?: StopSignal,
): Promise<{ mask: Decoded<'mask'> | null; problems: DatasetProblem[] }> {
  const { id, path, maskPath, boxes } = sample;
  const said = (kind: DatasetProblem['kind'], message: string, item = id): DatasetProblem => ({
    kind,
    path: maskPath ?? path,
    item,
    message,
  });
  const problems: DatasetProblem[] = [];
  let mask: Decoded<'mask'>;
  if (maskPath === null) {
    const image = boxes ? await imageSizeOf() : null;
    if (image === null) return { mask: null, problems };
    mask = maskMade(maskOfBoxes(boxes!, image.width, image.height), wanted);
    if (boxes!.some(({ right, bottom }) => right > image.width || bottom > image.height)) {
      const message = `a box of ${id} goes beyond the image of ${image.width}x${image.height}`;
      problems.push(said('box-outside', message));
    }
  } else {
    try {
      mask = await decoded({ what: 'mask', path: maskPath, ...wanted }, { signal });
    } catch (error) {
      if (!(error instanceof WgadError)) throw error;
      const message = `the mask of ${id} is left out of pixel metrics: ${error.message}`;
      return { mask: null, problems: [said('unreadable-mask', message)] };
    }
    const image = await imageSizeOf();
    if (image && (image.width !== mask.width || image.height !== mask.height)) {
      const [own, other] = [mask, image].map(({ width, height }) => `${width}x${height}`);
      const message = `the mask of ${id} is ${own}, the image is ${other}; it is left out of pixel metrics`;
      return { mask: null, problems: [said('mask-size', message, `${id} (${own}, image ${other})`)] };
    }
  }
  if (mask.marked === 0) problems.push(said('empty-mask', `the mask of ${id} has no anomalous pixel`));
  if (mask.between > 0) {
    const share = `${roundPercent(mask.between, 2)} %`;
    problems.push(
      said(
        'grey-mask',
        `the mask of ${id} has ${share} of its pixels between black and white; above the middle is taken as anomalous`,
        `${id} (${share})`,
      ),
    );
  }
  if (mask.marked > 0.5) {
    const share = `${roundPercent(mask.marked, 2)} %`;
    problems.push(
      said(
        'inverted-mask',
        `the mask of ${id} marks ${share} of the image; is it inverted?`,
        `${id} (${share})`,
      ),
    );
  }
  if (mask.isWhiteZero) {
    const message = `the mask of ${id} is a TIFF whose zeros are white (MinIsWhite), as tifffile writes arrays of bool: read as viewers show it, its zeros are anomalous`;
    problems.push(said('white-zero-mask', message));
  }
  return { mask, problems };
}
