/** What the flags of `wgad bench` accept. */
import { InvalidArgumentError } from 'commander';
import { KERNEL_PEERS, PEERS, type PeerName, TRAINING_PEERS } from '../bench/peers/peer.ts';
import type { Alignment } from '../methods/cada.ts';
import { DETECTOR_NAMES, type DetectorName } from '../methods/detectors.ts';
import { PRETRAINED_NAMES, type PretrainedName } from '../models/encoders.ts';
import { RESNETS, type ResNetName } from '../models/resnet.ts';
import { ENCODER_NAMES, type EncoderName } from '../train/encoder.ts';
import { integer } from './numbers.ts';

export const models = (text: string): ResNetName[] => known(text, Object.keys(RESNETS) as ResNetName[]);
export const pretrainedNames = (text: string): PretrainedName[] => known(text, PRETRAINED_NAMES);
export const timedAlignments = (text: string): Alignment[] => known(text, ['none', 'cada']);
export const encoders = (text: string): EncoderName[] => known(text, ENCODER_NAMES);
export const peers = (text: string): PeerName[] => known(text, PEERS);
export const kernelPeers = (text: string): PeerName[] => known(text, KERNEL_PEERS);
export const trainingPeers = (text: string): PeerName[] => known(text, TRAINING_PEERS);

function known<T extends string>(text: string, names: readonly T[]): T[] {
  return text.split(',').map((given) => {
    const found = names.find((name) => name === given);
    if (!found) throw new InvalidArgumentError(`expects any of ${names.join(', ')}, got ${given}.`);
    return found;
  });
}

export const sizes = (text: string): number[] => text.split(',').map(integer('--batch', 1));
/** Batch norms need two images to learn from. */
export const trainingSizes = (text: string): number[] => text.split(',').map(integer('--batch', 2));

export function detector(text: string): DetectorName {
  const [name, ...more] = known(text, DETECTOR_NAMES);
  if (more.length > 0) throw new InvalidArgumentError(`expects one detector, got ${text}.`);
  return name!;
}

/** The encoders halve images five times. */
export function sideOf(text: string): number {
  const side = integer('--size', 64)(text);
  if (side % 32 !== 0) throw new InvalidArgumentError(`expects a multiple of 32, got ${text}.`);
  return side;
}
