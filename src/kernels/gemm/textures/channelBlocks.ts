/**
 * The order in which a one-tap product reads its pixels: [image][block of 32 places][channel quad][place in the block][4]
 * instead of [image][channel][place]. Where nothing has to be filled up it is as long, so whatever computes the pixels can
 * store them so in the first place, and packing them costs no dispatch.
 */

/** Places side by side: the columns of the widest tile. */
export const COLUMN_BLOCK = 32;

/** Pixels that fill their blocks: channels are a multiple of four, places one of `COLUMN_BLOCK`. */
export interface ChannelBlocks {
  readonly channels: number;
  /** Of an image. */
  readonly places: number;
}

/** WGSL, u32: the part of an element's index that its channel decides. */
export const ofChannel = (channel: string): string =>
  `(${channel} / 4u * ${4 * COLUMN_BLOCK}u + ${channel} % 4u)`;

/** The part that image and place decide. Neighbouring places of a block are four elements apart. */
export const ofPlace = ({ channels, places }: ChannelBlocks, image: string, place: string): string =>
  `((${image}) * ${channels * places}u + ${place} / ${COLUMN_BLOCK}u * ${channels * COLUMN_BLOCK}u + ${place} % ${COLUMN_BLOCK}u * 4u)`;
